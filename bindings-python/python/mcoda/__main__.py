"""``python -m mcoda`` is mcodactl, the command line of libmcoda."""

import signal
import sys

from . import _mcoda

if __name__ == "__main__":
    # Ctrl-C ends it as it ends mcodactl. Python's handler would wait for the end of the command.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(_mcoda.mcodactl(["mcodactl", *sys.argv[1:]]))
