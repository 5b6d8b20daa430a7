"""What the scripts share.

inputs           the command line, files that are read, errors in one sentence
simulator        where infsim is, calling it, reading its JSON
blocks           tables that scripts keep inside Markdown files
tables, sweeps   the table of a finished sweep, typed by its table.columns.json; its axes
batches          the knee, and a batch cut up into smaller ones
charts           the style of all pictures, what several of them draw, saving
sweep_pictures   the entry point of scripts that draw a sweep
perfetto         traces of `infsim run --trace`
"""
