"""`sealgate` with its crash points armed: python -m benchmarks.crash.armed FUSES serve --config DIR."""

import sys
from pathlib import Path

from benchmarks.crash import points
from milter.cli import main

if __name__ == "__main__":
    points.arm(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
