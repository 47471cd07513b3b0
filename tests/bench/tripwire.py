#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the code do more work than it did? Counts the instructions of the fixed pieces of work of
tripwire.c under callgrind and compares them with the figures of tripwire.txt: more than 5 % more or less is
a failure, unless the figure is updated in the same commit, by

    python3 tests/bench/tripwire.py build --update

Wall time on a shared machine cannot tell 10 %; a count can, and is the same on every run. It is taken at
the AVX2 level, which valgrind knows, of a release build. Figures belong to a compiler: where tripwire.txt
names only another version of it, that one's figure is compared, within 25 %."""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

CASES = ("dense-update", "dense-decision", "tower-update", "tower-decision")
FIGURES = pathlib.Path(__file__).parent / "tripwire.txt"
TOLERANCE, OF_ANOTHER_VERSION = 0.05, 0.25


def compiler_of(program):
    """'gcc-12', with '-own' without BLIS's kernels, with '-asks' where rows are prefetched."""
    done = subprocess.run([program, "compiler"], capture_output=True, text=True)
    if done.returncode == 77:
        print("NOT COUNTED:", done.stderr.strip())
        sys.exit(0)
    return done.stdout.strip()


def release_or_complain(build):
    options = json.loads((build / "meson-info" / "intro-buildoptions.json").read_text(encoding="utf-8"))
    values = {o["name"]: o["value"] for o in options}
    wanted = {"optimization": "3", "b_sanitize": "none"}
    wrong = [f"{name} is {values[name]}, not {value}" for name, value in wanted.items() if values[name] != value]
    if wrong:
        sys.exit("tripwire: figures are those of a release build; here " + ", ".join(wrong))


def count(program, case):
    """Instructions inside measured()."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured",
             f"--callgrind-out-file={folder}/out", str(program), case], capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found or int(found.group(1)) == 0:
        sys.exit(f"tripwire: {case} was not counted (exit {done.returncode}):\n{done.stderr.strip()[-2000:]}")
    return int(found.group(1))


def read_figures(text):
    """{(compiler, case): instructions} of lines 'compiler case instructions'; # begins a comment."""
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return {(compiler, case): int(n) for compiler, case, n in (line for line in lines if line)}


def write_figures(figures):
    head = "\n".join(line for line in FIGURES.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    lines = [f"{compiler:8} {case:16} {n:>12}" for (compiler, case), n in sorted(figures.items())]
    FIGURES.write_text(head + "\n" + "\n".join(lines) + "\n", encoding="utf-8")


def judge(case, counted, figures, compiler):
    """A line to print, and whether the count is within what is allowed."""
    own = (compiler, case) in figures
    relatives = [name for name, of in figures if of == case and re.sub(r"\d+", "", name) == re.sub(r"\d+", "", compiler)]
    if not relatives:
        return f"{case}: {counted} instructions, and no figure of {compiler} to compare with", False
    figure = figures[compiler if own else relatives[0], case]
    allowed, change = TOLERANCE if own else OF_ANOTHER_VERSION, counted / figure - 1
    line = f"{case}: {counted} instructions, committed {figure}: {100 * change:+.2f} % (allowed ± {100 * allowed:.0f} %)"
    return line + ("" if own else f"; the figure is {relatives[0]}'s, this is {compiler}"), abs(change) <= allowed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="write the figures instead of comparing")
    o = parser.parse_args()
    release_or_complain(o.build)
    program = o.build / "tests" / "bench" / "tripwire"
    compiler = compiler_of(program)
    figures = read_figures(FIGURES.read_text(encoding="utf-8"))
    counts = {case: count(program, case) for case in CASES}
    verdicts = [judge(case, n, figures, compiler) for case, n in counts.items()]
    for line, is_fine in verdicts:
        print(line + ("" if is_fine or o.update else "  <-- FAILS"))
    if o.update:
        write_figures(figures | {(compiler, case): n for case, n in counts.items()})
        return 0
    if all(is_fine for _, is_fine in verdicts):
        return 0
    print(f"If the change is meant: python3 tests/bench/tripwire.py {o.build} --update, in the same commit.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
