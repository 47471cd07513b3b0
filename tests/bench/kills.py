#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills train at random moments, resumes it, kills it again, until it ends; and compares what it leaves with a
run that was never disturbed: checkpoint, --checkpoint's file, log, events.

    python3 tests/bench/kills.py [--build build] [--kills 100] [--seed 0] [-- FLAGS OF TRAIN]
"""
import argparse
import filecmp
import pathlib
import random
import subprocess
import sys
import tempfile
import time

SMALL = ["--algo", "ppo", "--num-items", "60", "--total-timesteps", "60000", "--max-episode-steps", "13"]


def run(command, folder, seconds=None):
    """Status; None: killed after so many seconds."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}: {said}")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("flags", nargs="*")
    o = parser.parse_args()
    rng = random.Random(o.seed)
    train = str(pathlib.Path(o.build).resolve() / "examples/train")
    reader = str(pathlib.Path(__file__).resolve().parents[1] / "drivers/read_events.py")
    command = [train, *SMALL, *o.flags, "--name", "run", "--quiet", "--tensorboard", "--checkpoint", "file.safetensors",
               "--checkpoint-every", "3"]
    with tempfile.TemporaryDirectory() as work:
        folders = {name: pathlib.Path(work, name) for name in ("whole", "killed")}
        for folder in folders.values():
            folder.mkdir()
        begin = time.monotonic()
        run(command, folders["whole"])
        whole = time.monotonic() - begin
        n_kills = n_runs = 0
        while n_kills < o.kills:
            is_over = run([*command, "--overwrite"], folders["killed"], rng.uniform(0, 0.6 * whole)) == 0
            n_kills += not is_over
            while not is_over:
                resumed = [train, "--resume", "run", "--quiet", "--checkpoint-every", "3"]
                if not (folders["killed"] / "runs/run/checkpoint.safetensors").exists():
                    break  # it was killed before it began
                limit = rng.uniform(0, 0.6 * whole) if n_kills < o.kills else None
                is_over = run(resumed, folders["killed"], limit) == 0
                n_kills += not is_over
            for name in ("runs/run/checkpoint.safetensors", "file.safetensors", "runs/run/log.csv") if is_over else ():
                if not filecmp.cmp(folders["whole"] / name, folders["killed"] / name, shallow=False):
                    sys.exit(f"{name} differs after {n_kills} kills (seed {o.seed})")
            if is_over:
                subprocess.run([sys.executable, reader, "runs/run", "--rising"], cwd=folders["killed"], check=True)
                n_runs += 1
        print(f"{n_kills} kills in {n_runs} runs of {whole:.2f} s: every run ended in the bytes of one never killed")


if __name__ == "__main__":
    main()
