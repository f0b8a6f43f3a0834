"""A program that speaks as exiftool does when it is kept open, and does as a test tells it."""

import sys
from pathlib import Path

STUB = """#!{python} -IS
import json, os, socket, sys, time
arguments, asked = sys.argv[1:], []
for line in sys.stdin:
    line = line.rstrip("\\n")
    if not line.startswith("-execute"):
        asked.append(line)
        continue
    number, (argument,), asked = line.removeprefix("-execute"), asked, []
    def say(text):
        sys.stdout.write(text + "{{ready" + number + "}}\\n")
        sys.stdout.flush()
    def found(**tags):
        say(json.dumps([{{"SourceFile": argument, **{{"Maker:" + name: tag for name, tag in tags.items()}}}}]) + "\\n")
    if argument == "-ver":
        say("0.01\\n")
        continue
    {act}
"""


def make(path: Path, act: str) -> Path:
    """Writes one that does `act` with each file: Python in which `argument` is the file, `say` answers with a text and
    `found` with tags."""
    path.write_text(STUB.format(python=sys.executable, act=act), encoding="utf-8")
    path.chmod(0o755)
    return path
