"""What infsim prints with --json, for scripts."""
import json
import subprocess
import sys


def infsim_json(infsim, *words, folder=None):
    """The report of a command that must succeed, run in `folder`; ends the script with the command and its message where it fails."""
    command = [str(infsim), *map(str, words), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}: {run.stderr}")
    return json.loads(run.stdout)
