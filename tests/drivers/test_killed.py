# SPDX-License-Identifier: MIT
"""A run that is killed goes on to the bytes of one that never was: SIGKILL comes before each call by which train
changes its folder (failing.c, preloaded). And where a call never returns, as on a disk that hangs, a second Ctrl-C
ends the run at once, with the last checkpoint whole.

    python3 tests/drivers/test_killed.py FOLDER_OF_PROGRAMS LIBRARY

RECRL_TIER=quick: one call of 32."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import read_events  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve() / "train"
LIBRARY = str(pathlib.Path(sys.argv[2]).resolve())
# Sessions of 13 steps stay open at the end of a rollout of 16.
RUN = ["--algo", "ppo", "--num-items", "20", "--hidden", "8", "--critic-hidden", "8",
       "--total-timesteps", "4000", "--max-episode-steps", "13", "--tensorboard",
       "--name", "run", "--quiet", "--checkpoint", "file.safetensors", "--checkpoint-every", "1", "--no-report"]
CHANGES = {"write", "pwrite", "open", "close", "fsync", "rename", "truncate", "mkdir", "unlink", "fclose"}
FILES = ["runs/run/log.csv", "runs/run/health.csv", "runs/run/checkpoint.safetensors", "file.safetensors"]
IS_QUICK = os.environ.get("RECRL_TIER") == "quick"


def environment(**more):
    return {**os.environ, "LD_PRELOAD": LIBRARY, **more}


def train(folder, flags, **more):
    return subprocess.run([PROGRAM, *flags], cwd=folder, env=environment(**more), capture_output=True, text=True,
                          timeout=600)


def read(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def check_kills(work, whole, events, counts):
    calls = [(kind, i) for kind, n in (line.split() for line in counts.splitlines()) if kind in CHANGES
             for i in range(1, int(n) + 1)]
    resumed = 0
    for at, (kind, i) in enumerate(calls):
        if IS_QUICK and at % 32 != 0:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        done = train(folder, RUN, FAILING=f"{kind} {i} -2")
        where = f"killed before {kind} {i}"
        assert done.returncode == -signal.SIGKILL, (where, done.returncode, done.stderr)
        if not (folder / "runs/run/checkpoint.safetensors").exists():
            continue  # it had not begun
        done = train(folder, ["--resume", "run", "--quiet", "--no-report"])
        assert done.returncode == 0, (where, done.stderr)
        found = read(folder)
        assert found == whole, (where, [name for name in FILES if found[name] != whole[name]])
        assert read_events.own_reader(folder / "runs/run", True) == events, where
        resumed += 1
    assert resumed > 5, resumed
    print(f"killed before {len(calls)} calls{', of which one in 32' * IS_QUICK}: {resumed} runs went on")


def read_until(stream, words):
    lines = []
    for line in stream:
        lines.append(line)
        if words in line:
            return
    raise AssertionError(f"it did not say {words!r}: {lines}")


def check_second_request(work, whole, number):
    folder = pathlib.Path(tempfile.mkdtemp(dir=work))
    # The first rename is that of the checkpoint before all updates; a later one would be of a later checkpoint.
    process = subprocess.Popen([PROGRAM, *RUN], cwd=folder, env=environment(FAILING="rename 3 -1"), text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    read_until(process.stderr, "waiting")
    kept = (folder / "runs/run/checkpoint.safetensors").read_bytes()
    process.send_signal(number)
    read_until(process.stderr, "once more ends it at once, with what was saved last")
    time.sleep(0.5)  # signals within 0.3 seconds are one request; later is always well
    process.send_signal(number)
    said = process.stderr.read()
    assert process.wait() == 128 + number and said == "stopped at once\n", (process.returncode, said)
    assert (folder / "runs/run/checkpoint.safetensors").read_bytes() == kept
    done = train(folder, ["--resume", "run", "--quiet", "--no-report"])
    assert done.returncode == 0, done.stderr
    assert read(folder) == whole, f"a run that was stopped at once by signal {number} goes on to other bytes"


def main():
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        done = train(folder, RUN, FAILING_COUNTS=str(folder / "counts"))
        assert done.returncode == 0, done.stderr
        whole, events = read(folder), read_events.own_reader(folder / "runs/run", True)
        for number in (signal.SIGINT, signal.SIGTERM)[:2 - IS_QUICK]:
            check_second_request(work, whole, number)
        check_kills(work, whole, events, (folder / "counts").read_text())


main()
