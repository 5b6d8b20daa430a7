"""Tries scripts/list_skipped.py on what CTest writes: a test that was skipped with and without a reason, one that skipped a part.

usage: list_skipped_test.py PATH_OF_list_skipped.py
"""
import pathlib
import subprocess
import sys
import tempfile

RUN = """<?xml version="1.0"?>
<testsuite tests="5">
  <testcase name="whole" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>x
SKIPPED: npm is not installed
</system-out></testcase>
  <testcase name="silent" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out/></testcase>
  <testcase name="part" status="run"><system-out>warning:
  skipped: no data &lt;here&gt;
  skipped: no data &lt;here&gt;
</system-out></testcase>
  <testcase name="good" status="run"><system-out>2 rows skipped: all well</system-out></testcase>
  <testcase name="bad" status="fail"><failure message=""/><system-out/></testcase>
</testsuite>
"""
LISTED = """Skipped:
  whole: npm is not installed
  silent: SKIP_RETURN_CODE=77
  part, in part: no data <here>
"""


def main(script):
    failures = []
    for run, listed in ((RUN, LISTED), ('<testsuite><testcase name="good" status="run"/></testsuite>', "Skipped: nothing\n")):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "junit.xml")
            path.write_text(run)
            result = subprocess.run([sys.executable, script, path], capture_output=True, text=True)
        if result.returncode != 0 or result.stdout != listed:
            failures.append(f"instead of\n{listed}comes\n{result.stdout}{result.stderr}")
    print("\n".join(failures) if failures else "what was skipped is listed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
