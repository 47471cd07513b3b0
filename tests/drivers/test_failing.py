# SPDX-License-Identifier: MIT
"""Every call by which train, evaluate and report write is made to fail in turn (failing.c, preloaded): once with
ENOSPC, EIO, EINTR or half of the bytes, and from there on. Then the exit status says so, with a sentence; or it is 0
and nothing is missing.

    python3 tests/drivers/test_failing.py FOLDER_OF_PROGRAMS LIBRARY [--most | --all]

Without a flag all rows fail, and of other kinds the first two calls and the last one, each in one of these ways; --most:
the first thirty; --all: every call in every way. RECRL_TIER=quick: of train and report alone, rows one in sixteen."""
import errno
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import read_events  # noqa: E402

IS_QUICK = os.environ.get("RECRL_TIER") == "quick"
PROGRAMS, LIBRARY = pathlib.Path(sys.argv[1]).resolve(), str(pathlib.Path(sys.argv[2]).resolve())
WAYS = [("", errno.ENOSPC), ("", errno.EIO), ("", errno.EINTR), ("", 0), ("+", errno.ENOSPC)]
# Calls that a signal may interrupt, or that may do half: they are made again, and nothing is to be seen of it.
AGAIN = {"write", "pwrite", "open", "fsync", "truncate", "flock"}
TRAIN = ["train", "--algo", "ppo", "--num-items", "20", "--hidden", "8", "--critic-hidden", "8",
         "--total-timesteps", "3000", "--tensorboard", "--json", "--name", "run", "--quiet", "--checkpoint", "file.safetensors", "--checkpoint-every", "2",
         "--max-episode-steps", "4"]
RESUME = ["train", "--resume", "run", "--quiet", "--json", "--tensorboard"]
EVALUATE = ["evaluate", "file.safetensors", "--sessions", "64", "--json"]
REPORT = ["report", "runs/run", "-o", "page.html", "--sessions", "64"]
FILES = ["runs/run/log.csv", "runs/run/health.csv", "runs/run/checkpoint.safetensors", "file.safetensors"]


def run(command, folder, failing=None, counts=None):
    env = dict(os.environ, LD_PRELOAD=LIBRARY)
    env.pop("FAILING", None)
    if failing:
        env["FAILING"] = failing
    if counts:
        env["FAILING_COUNTS"] = counts
    return subprocess.run([PROGRAMS / command[0], *command[1:]], cwd=folder, env=env, text=True, timeout=600,
                          capture_output=True)


def said(text):
    """What is printed, less what a clock says."""
    return re.sub(r'("seconds": |"steps_per_second": |here in |left|\d+ steps/s)[^,]*', "", text)


def scene(command, work):
    """A folder in which the command can run: a copy of the first one."""
    first = pathlib.Path(work) / f"of_{command[0]}{'_again' * (command is RESUME)}"
    if not first.exists():
        first.mkdir()
        stop = ["--stop-after", "2000"] if command is RESUME else []
        if command is not TRAIN:
            subprocess.run([PROGRAMS / TRAIN[0], *TRAIN[1:], *stop], cwd=first, check=True, capture_output=True)
    folder = pathlib.Path(tempfile.mkdtemp(dir=work))
    shutil.copytree(first, folder, dirs_exist_ok=True)
    return folder


def read(folder):
    found = {name: (folder / name).read_bytes() if (folder / name).exists() else None for name in FILES}
    page = folder / "page.html"  # has a clock's figures in it
    found["page.html"] = page.exists() and page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    return found


def events(folder):
    return read_events.own_reader(folder / "runs/run", True)


def judge(command, done, folder, whole, failing):
    """What is wrong; None: nothing."""
    name, _, number = failing.split()
    found = read(folder)
    if done.returncode not in (0, 1):
        return f"status {done.returncode}"
    if done.returncode == 1 and done.stderr.strip() == "":
        return "it failed without a word"
    if done.returncode == 1 and number in (str(errno.EINTR), "0") and name in AGAIN and "standard output" not in done.stderr:
        return f"what is to be made again was not: {done.stderr}"
    if done.returncode == 0:
        if said(done.stdout) != whole["stdout"]:
            return f"status 0, but what was printed is not whole: {done.stdout[-300:]!r}"
        if command in (TRAIN, RESUME) and not (folder / "runs/run/report.html").exists():
            return "status 0, but there is no page"
        if found != whole["files"]:
            return f"status 0, but {[n for n in found if found[n] != whole['files'][n]]} are not whole"
        if command in (TRAIN, RESUME) and events(folder) != whole["events"]:
            return "status 0, but the events are not whole"
    for name in FILES[:2]:
        rows, all_rows = found[name] or b"", whole["files"][name]
        if not all_rows.startswith(rows) or (rows and not rows.endswith(b"\n")):
            return f"{name} has torn rows, or lacks some"
        if rows != all_rows and failing.startswith("pwrite") and "+" not in failing and done.stdout:
            return f"{name} lacks rows that were to wait"
    return None


def try_all(command, work, every):
    """(number of calls, what is wrong)."""
    folder = scene(command, work)
    counts = folder / "counts"
    done = run(command, folder, counts=str(counts))
    assert done.returncode == 0, done.stderr
    whole = {"stdout": said(done.stdout), "files": read(folder), "events": events(folder)}
    calls = [(kind, i) for kind, n in (line.split() for line in counts.read_text().splitlines())
             for i in range(1, int(n) + 1)]
    last = {kind: i for kind, i in calls}
    if IS_QUICK and every == 0:
        calls = [c for c in calls if c[1] in (1, last[c[0]]) or (c[0] == "pwrite" and c[1] % 16 == 0)]
    elif every < 2:  # a page is written by hundreds of calls of one kind
        calls = [c for c in calls if c[1] <= (30, 2)[every == 0] or c[1] == last[c[0]] or c[0] == "pwrite"]
    wrong = []
    tried = 0
    for at, (kind, i) in enumerate(calls):
        # A row that cannot be written waits: that is to be seen of every one of them.
        ways = range(len(WAYS)) if every > 1 else {at % len(WAYS), 0} if kind == "pwrite" else [at % len(WAYS)]
        for way in ways:
            lasting, number = WAYS[way]
            if number == 0 and kind not in ("write", "pwrite"):
                lasting, number = "", errno.ENOSPC
            failing = f"{kind} {i}{lasting or ' '} {number}"
            folder = scene(command, work)
            done = run(command, folder, failing)
            fault = judge(command, done, folder, whole, failing)
            if (kind, i) == ("fclose", last["fclose"]) and done.returncode == 1:
                fault = None  # stderr itself: there is nobody left to tell
            tried += 1
            if fault:
                wrong.append(f"{command[0]} {command[1]}, {failing}: {fault}")
    return tried, wrong


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as work:
        for command in (TRAIN, REPORT) if IS_QUICK else (TRAIN, RESUME, EVALUATE, REPORT):
            tried, faults = try_all(command, work, 2 if "--all" in sys.argv else 1 if "--most" in sys.argv else 0)
            print(f"{' '.join(command[:3])}: {tried} failures tried, {len(faults)} not owned up to")
            wrong += faults
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
