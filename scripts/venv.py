"""Makes .venv what the lock says, and touches it only when the lock changed. Standard library only.

    python3.11 scripts/venv.py run|dev

`run` installs what Stet runs on, `dev` also what tests and checks need. uv does it
where it is on PATH, else pip.
"""
# ruff: noqa: S603, T201 - it runs our own tools and talks to a terminal

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}


def fingerprint(kind: str) -> str:
    """Changes with the Python version and with every lock that `kind` installs from."""
    digest = hashlib.sha256(".".join(map(str, sys.version_info[:2])).encode())
    for name in LOCKS[kind]:
        digest.update(hashlib.sha256((HOME / name).read_bytes()).digest())
    return digest.hexdigest()


def stamp(kind: str) -> Path:
    return VENV / f".stet-{kind}"


def is_current(kind: str) -> bool:
    path = stamp(kind)
    return (VENV / "bin" / "python").exists() and path.exists() and path.read_text() == fingerprint(kind)


def fits(uv: str | None) -> bool:
    """True if .venv is there, of this Python version, and can be installed into."""
    program = VENV / "bin" / "python"
    if not program.exists():
        return False
    probe = "import sys; print(*sys.version_info[:2])" + ("" if uv else "; import pip")
    answer = subprocess.run([program, "-c", probe], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def create(uv: str | None) -> None:
    print(f"Creating .venv with Python {sys.version.split()[0]}", flush=True)
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV], check=True)
        return
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out of a bare python3
    except ImportError:
        version = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"Python {version} has no ensurepip, so it can't create a virtual environment.\n"
            f"Install it (on Debian and Ubuntu: apt install python{version}-venv), or put uv on PATH."
        )
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def install(kind: str, uv: str | None) -> None:
    print(
        f"Installing what the lock says, with {'uv' if uv else 'pip'}; this happens once a lock.", flush=True
    )
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    locks = [word for name in LOCKS[kind] for word in ("-r", str(HOME / name))]
    python = str(VENV / "bin" / "python")
    if uv:
        command = [uv, "pip", "install", *quiet, "--python", python, "--require-hashes", *locks]
    else:
        command = [python, "-m", "pip", "install", *quiet, "--disable-pip-version-check", "--no-input"]
        command += ["--require-hashes", *locks]
    subprocess.run(command, check=True)


def main() -> int:
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind not in LOCKS:
        print(__doc__)
        return 2
    if is_current(kind) or (kind == "run" and is_current("dev")):
        return 0
    os.environ.pop("PYTHONPATH", None)
    uv = shutil.which("uv")
    within = VENV / "bin" / "uv"  # the lock of the tests brings one
    try:
        if not fits(uv or (str(within) if within.exists() else None)):
            create(uv)
        install(kind, uv or (str(within) if within.exists() else None))
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as error:
        print(f"\n.venv could not be made: {Path(error.cmd[0]).name} ended with {error.returncode}.")
        print("What it said is above. Without a network, the first start can't install anything.")
        return 1
    except OSError as error:
        print(f".venv could not be made: {error}")
        return 1
    for each in ("run", "dev") if kind == "dev" else ("run",):
        stamp(each).write_text(fingerprint(each))
    return 0


if __name__ == "__main__":
    sys.exit(main())
