"""What reads strangers' bytes before anybody is known crashes on none: on seeded ones always, with Atheris where it is installed.

`FUZZ_PARSED` says how many inputs each parser gets (`make fuzz`).
"""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from parsers import SEEDS, TARGETS

FEW = 400
"""Which take less time than it takes to begin: Atheris tries all parsers in one process then."""
PARSED = int(os.environ.get("FUZZ_PARSED", FEW))
ROOT = Path(__file__).parents[2]


def stirred(number: int) -> bytes:
    """An input from a number alone: seeds cut, joined and stirred."""
    chance = random.Random(f"parsers {number}")
    raw = bytearray(chance.choice(SEEDS) + (chance.choice(SEEDS) if chance.random() < 0.3 else b""))
    for _ in range(chance.choice((0, 1, 1, 2, 8))):
        at = chance.randrange(len(raw) + 1)
        raw[at : at + chance.choice((0, 1, 4))] = chance.choice(
            (
                b"\xff",
                b"\0",
                b"[",
                b"]",
                b"%",
                b"=",
                b"&",
                b'"',
                b"{",
                b"9" * 30,
                b"\xc2\xb2",
                b"\\ud800",
                b"a" * 300,
                b"[" * 300,
            )
        )
    return bytes(raw)


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_crash_what_reads_them(target: str) -> None:
    for number in range(min(PARSED, 20_000)):
        try:
            TARGETS[target](stirred(number))
        except Exception as error:
            raise AssertionError(f"input {number}: {stirred(number)!r}") from error


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed: see the extra `fuzz`"
)
@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS if PARSED > FEW else ["together"])
def test_atheris_finds_nothing_that_crashes_them(target: str, tmp_path: Path) -> None:
    for number, seed in enumerate(SEEDS):
        (tmp_path / f"seed-{number}").write_bytes(seed)
    # The kernel says of a process that it has had the memory of the one that began it: a small one stands in between.
    between = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"]
    command = [
        *between,
        sys.executable,
        str(ROOT / "tests" / "parsers.py"),
        target,
        f"-runs={PARSED}",
        "-seed=1",
        str(tmp_path),
    ]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr[-4000:]
