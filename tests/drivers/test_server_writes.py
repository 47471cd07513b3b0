# SPDX-License-Identifier: MIT
"""Every call by which the server and its trainer write is made to fail in turn (failing.c, preloaded): once with ENOSPC,
EIO, EINTR or half of the bytes, and from there on. Then the exit status says so, with a sentence; or it is 0 and
nothing is missing: what was printed, every row of the log, the weights. What fails once and does not end the run loses
nothing either: it was tried again. Whatever comes, the log is a sound database.

    python3 tests/drivers/test_server_writes.py SERVER LIBRARY [--all]

Without --all some calls of each kind fail, each in one way. RECRL_TIER=quick: two of each."""
import concurrent.futures
import errno
import json
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile

SERVER, LIBRARY = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
IS_QUICK = os.environ.get("RECRL_TIER") == "quick"
WAYS = [("", errno.ENOSPC), ("", errno.EIO), ("", errno.EINTR), ("", 0)]
LASTING = {"pwrite", "open", "fsync", "rename"}
FLAGS = ["--decisions", "120", "--candidates", "8", "--rows", "32", "--night", "128", "--sessions", "200", "--delay", "5",
         "--wait", "20", "--measured", "0", "--threads", "2", "--json"]


def run(folder, failing=None, counts=None):
    env = dict(os.environ, LD_PRELOAD=LIBRARY)
    env.pop("FAILING", None)
    if failing:
        env["FAILING"] = failing
    if counts:
        env["FAILING_COUNTS"] = counts
    return subprocess.run([SERVER, "--folder", str(folder), *FLAGS], env=env, text=True, timeout=120, capture_output=True)


def said(text):
    """What is printed, less what a clock says."""
    line = json.loads(text)
    for name in ("folder", "decisions_per_second", "bytes", "starts", "publishes"):
        line.pop(name)
    return line


def rows(folder):
    """Every row of the log; an assertion where the database is not sound."""
    path = folder / "log.sqlite"
    if not path.exists():
        return []
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the log is damaged"
        has_table = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'log'").fetchone()[0]
        return db.execute("SELECT kind, key, session, time, blob FROM log ORDER BY kind, key").fetchall() if has_table else []
    finally:
        db.close()


def weights(folder):
    """Tensors of networks and optimiser. Which versions a checkpoint keeps beside them depends on what was published
    before it, and so on what failed."""
    data = (folder / "trainer.safetensors").read_bytes()
    begin = 8 + struct.unpack_from("<Q", data)[0]
    tensors = json.loads(data[8:begin])
    return {name: data[begin + t["data_offsets"][0]:begin + t["data_offsets"][1]] for name, t in tensors.items()
            if name.startswith(("actor", "critic", "optimizer"))}


def judge(done, folder, whole, is_once):
    """What is wrong; None: nothing."""
    if done.returncode not in (0, 1):
        return f"status {done.returncode}: {done.stderr}"
    if done.returncode == 1 and not done.stderr.startswith("server"):
        return f"it failed without a sentence: {done.stderr!r}"
    found = rows(folder)
    decided = [row for row in whole["rows"] if row[0] == 0]
    if any(row not in whole["rows"] for row in found):
        return "the log has rows that no run has"
    if done.returncode == 0:
        if said(done.stdout) != whole["said"]:
            return f"status 0, but what was printed differs: {done.stdout}"
        if found != whole["rows"]:
            return f"status 0, but {len(whole['rows']) - len(found)} of {len(decided)} rows are missing"
        if weights(folder) != whole["weights"]:
            return "status 0, but the weights are others"
    if is_once and done.stdout.endswith("}\n"):
        line = json.loads(done.stdout)
        if len(found) != len(whole["rows"]) or line["trained"] != whole["said"]["trained"]:
            return f"it failed once, and {len(whole['rows']) - len(found)} rows are missing: {done.stderr}"
        if found == whole["rows"] and weights(folder) != whole["weights"]:
            return f"it failed once, and what was learned is not all saved: {done.stderr}"
    return None


def try_one(work, failing, whole):
    folder = pathlib.Path(tempfile.mkdtemp(dir=work)) / "run"
    done = run(folder, failing)
    fault = judge(done, folder, whole, "+" not in failing)
    return f"{failing}: {fault}" if fault else None, done.returncode


def try_kills_ahead_of_the_checkpoint(work):
    """Three publishes to a checkpoint, and each of the trainer's lives ends before its third or fourth rename: of a policy
    file or of a checkpoint. What was served between is recognised: every row is learned from, none is refused."""
    faults = []
    for at in (3, 4):
        folder = work / f"ahead-{at}"
        env = dict(os.environ, LD_PRELOAD=LIBRARY, FAILING=f"rename {at} -2")
        done = subprocess.run([SERVER, "--folder", str(folder), *FLAGS, "--decisions", "600", "--save-every", "3"], env=env,
                              text=True, timeout=120, capture_output=True)
        line = json.loads(done.stdout or "{}")
        if done.returncode not in (0, 1) or line.get("starts", 0) < 4:
            faults.append(f"rename {at}: status {done.returncode}, {line.get('starts')} starts: {done.stderr}")
        elif line["recognised"] == 0 or line["refused"] or line["dropped"] or line["trained"] < 500:
            faults.append(f"rename {at}: trained {line['trained']}, refused {line['refused']}, dropped {line['dropped']}, "
                          f"recognised {line['recognised']}")
    return faults


def main():
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        done = run(work / "whole", counts=str(work / "counts."))
        assert done.returncode == 0, done.stderr
        whole = {"said": said(done.stdout), "rows": rows(work / "whole"),
                 "weights": weights(work / "whole")}
        assert len(whole["weights"]) > 20
        assert len(whole["rows"]) > 200
        most = {}  # of the two processes
        for path in work.glob("counts.*"):
            for kind, n in (line.split() for line in path.read_text().splitlines()):
                most[kind] = max(most.get(kind, 0), int(n))
        plans = []
        for kind, n in most.items():
            some = {2, n} if IS_QUICK else {1, 2, 3, n // 4, n // 2, 3 * n // 4, n - 1, n}
            calls = range(1, n + 1) if "--all" in sys.argv else sorted(some & set(range(1, n + 1)))
            for at, i in enumerate(calls):
                ways = WAYS if "--all" in sys.argv else [WAYS[at % len(WAYS)]]
                ways = sorted({*ways, WAYS[0]}) if kind == "pwrite" else ways  # what SQLite does not try again by itself
                ways = ways + [("+", errno.ENOSPC)] if kind in LASTING and (i == 2 or "--all" in sys.argv) else ways
                for lasting, number in ways:
                    if number == 0 and kind not in ("write", "pwrite"):
                        number = errno.ENOSPC
                    plans.append(f"{kind} {i}{lasting or ' '} {number}")
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            faults = list(pool.map(lambda failing: try_one(work, failing, whole), plans))
        killed = try_kills_ahead_of_the_checkpoint(work)
        n_failed = sum(status == 1 for _, status in faults)
        print(f"{len(plans)} failures tried; {n_failed} ended with status 1, the others lost nothing")
        print("\n".join([fault for fault, _ in faults if fault] + killed))
        assert n_failed > 0
        sys.exit(1 if killed or any(fault for fault, _ in faults) else 0)


main()
