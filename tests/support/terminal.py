"""Runs a command on pseudo-terminals and gives back all that it printed there."""
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

# What a command prints comes before this: our own end of the terminal stays open until it has been read. Were it closed
# with the command, the kernel could report the end before the last bytes, which would be lost.
_END = b"\0end\0"


class Terminal:
    """A terminal of some width; `theirs` is for the command."""

    def __init__(self, width):
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        self._text = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while _END not in self._text:
            self._text += os.read(self._ours, 65536)

    def close(self):
        """What was printed. Only after the command has ended."""
        os.write(self.theirs, _END)
        self._reader.join()
        os.close(self.theirs)
        os.close(self._ours)
        return self._text.split(_END)[0].decode().replace("\r\n", "\n")


def on_terminal(command, width, *, environment=(), stderr_width=None, **options):
    """Exit status, stdout and stderr of a command whose stdout is a terminal of `width` columns.

    stderr is a pipe, or a terminal too if it is given a width. COLUMNS and NO_COLOR are not set, unless `environment` does.
    """
    clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    out, err = Terminal(width), Terminal(stderr_width) if stderr_width else None
    process = subprocess.Popen([str(word) for word in command], stdout=out.theirs,
                               stderr=err.theirs if err else subprocess.PIPE, env={**clean, **dict(environment)}, **options)
    _, piped = process.communicate()
    return process.returncode, out.close(), err.close() if err else piped.decode()
