#!/usr/bin/python3
"""Two transformer encoder layers on a sequence, "seq", of 64 with 128 features and two heads."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from graph_json import Graph, encoder_layer, write  # noqa: E402

HIDDEN, HEADS, FEED_FORWARD = 128, 2, 512

g = Graph("attention_block")
sequence = g.dim("seq", 64)
x = g.input("features", [1, sequence, HIDDEN])
for layer in range(2):
    x = encoder_layer(g, f"layer{layer}", x, sequence, HIDDEN, HEADS, FEED_FORWARD)
g.output(x, [1, sequence, HIDDEN])
write(HERE, [g])
