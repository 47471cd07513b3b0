# SPDX-License-Identifier: MIT
"""What a feed server loses to a catalogue that moves and to the accidents of a week: examples/server in ten worlds,
with a catalogue that stands still, one that loses 1 % and gains 1 % before every publish, and the same with a trainer
that is killed a hundred times, a rollback, and a second arm. Prints what each earned more than the ranker that was
there, as a share of the gain of the one that stands still, and what became of the rows.

    python3 tests/bench/moving_feed.py SERVER [--seeds 300-309] [--kinds 4] [--results FILE] [--decisions N]

FILE has a line of JSON a run; a run that is in it is not made again."""
import argparse
import json
import math
import pathlib
import subprocess
import tempfile

KINDS = {
    "stands still": ["--save-every", "2"],
    "moves": ["--moving", "1", "--save-every", "2"],
    "moves; killed 100 times, rolled back": ["--moving", "1", "--save-every", "4", "--kills", "100", "--rollback", "20"],
    "moves; killed 20 times, rolled back, restarted, two arms, other columns at half-time": [
        "--moving", "1", "--save-every", "4", "--kills", "20", "--rollback", "20", "--arms", "2", "--restart", "8",
        "--schema-change", "16"],
}
STUDENT = (0, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)  # 97.5 % of n degrees of freedom


def run(server, kind, seed, options):
    with tempfile.TemporaryDirectory() as folder:
        command = [server, "--folder", folder + "/run", "--json", "--seed", str(seed), "--decisions", str(options.decisions),
                   "--candidates", str(options.candidates), "--measured", str(options.measured), "--threads", "2",
                   *KINDS[kind]]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
        return {"kind": kind, "seed": seed, "decisions_asked": options.decisions, **json.loads(done.stdout)}


def over_seeds(values):
    """Mean and half the 95 % interval."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return mean, math.nan
    deviation = math.sqrt(sum((x - mean) ** 2 for x in values) / (n - 1))
    return mean, STUDENT[min(n - 1, 9)] * deviation / math.sqrt(n)


def arms_of(line):
    return [suffix for suffix in ("", "_1") if "earned" + suffix in line]


def gain(line, than):
    """Of the last ten policies, over all arms: their users are as many."""
    arms = arms_of(line)
    return sum(line["earned_lately" + arm] for arm in arms) / len(arms) - line[than]


def share(lines, still, than):
    """Of the sums: a world in which little is to be gained weighs little. With half its 95 % interval."""
    of_still = sum(gain(still[line["seed"]], than) for line in lines)
    part = sum(gain(line, than) for line in lines) / of_still
    spread = over_seeds([gain(line, than) - part * gain(still[line["seed"]], than) for line in lines])[1]
    return f"{100 * part:.1f} ± {100 * spread * len(lines) / of_still:.1f} %"


def table(lines):
    still = {line["seed"]: line for line in lines if line["kind"] == "stands still"}
    print("| catalogue | more than the ranker | share of that gain | of the gain over random | starts | rows learned from "
          "| refused | rejected |\n|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        of = [line for line in lines if line["kind"] == kind and line["seed"] in still]
        if not of:
            continue
        mean, interval = over_seeds([gain(line, "earned_by_incumbent") for line in of])
        shares = [share(of, still, than) if kind != "stands still" else "" for than in
                  ("earned_by_incumbent", "earned_at_random")]
        sums = {name: sum(line[name + arm] for line in of for arm in arms_of(line)) for name in
                ("recorded", "trained", "refused", "rejected")}
        print(f"| {kind} | {mean:+.3f} ± {interval:.3f} | {shares[0]} | {shares[1]} "
              f"| {sum(line['starts'] for line in of) / len(of):.0f} "
              f"| {100 * sums['trained'] / sums['recorded']:.2f} % | {sums['refused']} | {sums['rejected']} |")
    print(f"\n{len(still)} seeds; generations {max(line['generations'] for line in lines)} at most")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--seeds", default="300-309")
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("moving_feed.jsonl"))
    parser.add_argument("--kinds", type=int, default=len(KINDS), help="so many of the kinds, from the first on")
    parser.add_argument("--decisions", type=int, default=40000)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--measured", type=int, default=5000)
    options = parser.parse_args()
    first, last = (int(word) for word in options.seeds.split("-"))
    lines = [json.loads(line) for line in options.results.read_text().splitlines()] if options.results.exists() else []
    done = {(line["kind"], line["seed"]) for line in lines if line["decisions_asked"] == options.decisions}
    for seed in range(first, last + 1):
        for kind in list(KINDS)[:options.kinds]:
            if (kind, seed) not in done:
                lines.append(run(options.server, kind, seed, options))
                with options.results.open("a") as out:
                    out.write(json.dumps(lines[-1]) + "\n")
    table([line for line in lines if first <= line["seed"] <= last and line["decisions_asked"] == options.decisions])


if __name__ == "__main__":
    main()
