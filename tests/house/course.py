# SPDX-License-Identifier: MIT
"""The course, docs/course/01 … 07: each page has one program, which is compiled and run as it stands there,
and what the page says that it prints is what it prints.

usage: course.py TREE LIBRARY COMPILER… writes what the programs print into the pages."""
import pathlib
import re
import subprocess
import sys
import tempfile

MOST_LINES_OF_A_PAGE = 200
MOST_LINES_OF_A_PROGRAM = 60
MOST_COLUMNS = 100
N_PAGES = 7
FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
         "-Wshadow", "-Werror"]
PROGRAM = re.compile(r"^```c\n((?:(?!```).*\n)*?int main\((?:(?!```).*\n)*)```\n", re.M)
OUTPUT = re.compile(r"^```text\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)\s]*)?\)")


def pages(tree):
    """The pages of the course, in order."""
    return sorted((pathlib.Path(tree) / "docs/course").glob("0[1-9]_*.md"))


def read(path):
    return path.read_text(encoding="utf-8")


def split(text):
    """A page's program and where the block of what it prints begins and ends; None where one lacks.
    All C of a page is in its program, so that nothing is shown that was not compiled."""
    programs = list(PROGRAM.finditer(text))
    if len(programs) != 1 or text.count("\n```c\n") != 1:
        return None, None
    output = OUTPUT.search(text, programs[0].end())
    return programs[0].group(1), output and output.span(1)


def number(path):
    return int(path.name[:2])


def the_course_is_whole(tree, n_pages=N_PAGES):
    """Pages 1 … 7 without a gap, each of a length that is read in one go."""
    found = []
    numbers = [number(path) for path in pages(tree)]
    if numbers != list(range(1, n_pages + 1)):
        found.append(f"docs/course has the pages {numbers} of the course; they are 1 to {n_pages}")
    for path in pages(tree):
        n = len(read(path).splitlines())
        if n > MOST_LINES_OF_A_PAGE:
            found.append(f"docs/course/{path.name} has {n} lines; at most {MOST_LINES_OF_A_PAGE}")
    return found


def pages_lead_on(tree):
    """README leads to the first page, each page to the next one, the last to docs/serving.md."""
    path_of = pages(tree)
    names = [path.name for path in path_of] + ["../serving.md"]
    found = []
    if path_of and f"](docs/course/{names[0]})" not in read(pathlib.Path(tree) / "README.md"):
        found.append(f"README.md does not lead to docs/course/{names[0]}")
    for path, after in zip(path_of, names[1:]):
        if f"]({after})" not in read(path):
            found.append(f"docs/course/{path.name} does not lead to {after}")
    return found


def links_lead_somewhere(tree):
    """Of README and every page of docs."""
    root = pathlib.Path(tree)
    return [f"{path.relative_to(root)} leads to {target}, which is not there"
            for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
            for target in LINK.findall(read(path)) if not (path.parent / target).exists()]


def exercises_have_answers(tree):
    """Three or four of each, under headings of their own."""
    found = []
    for path in pages(tree):
        count = {}
        for title in ("Exercises", "Answers"):
            part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", read(path), re.M | re.S)
            count[title] = len(re.findall(r"^\d+\. ", part.group(1), re.M)) if part else 0
        if count["Exercises"] not in (3, 4) or count["Exercises"] != count["Answers"]:
            found.append(f"docs/course/{path.name} has {count['Exercises']} exercises and "
                         f"{count['Answers']} answers; three or four of each")
    return found


def programs_are_small(tree):
    found = []
    for path in pages(tree):
        program, output = split(read(path))
        if program is None or output is None:
            found.append(f"docs/course/{path.name} needs one ```c block with a main, "
                         "and behind it a ```text block with what it prints")
            continue
        lines = [line for line in program.splitlines() if line.strip()]
        if len(lines) > MOST_LINES_OF_A_PROGRAM:
            found.append(f"docs/course/{path.name}: its program has {len(lines)} lines that are not blank; "
                         f"at most {MOST_LINES_OF_A_PROGRAM}")
        found += [f"docs/course/{path.name}: a line of its program is {len(line)} columns wide: {line}"
                  for line in lines if len(line) > MOST_COLUMNS]
    return found


def run(program, tree, library, compiler):
    """What a program prints; raises RuntimeError with the reason where it does not come to that."""
    where = pathlib.Path(library).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder) / "page.c", pathlib.Path(folder) / "page"
        source.write_text(program, encoding="utf-8")
        build = [*compiler, *FLAGS, f"-I{pathlib.Path(tree).resolve()}/include", str(source), "-o",
                 str(binary), str(library), f"-Wl,-rpath,{where}", "-lm"]
        compiled = subprocess.run(build, capture_output=True, text=True)
        if compiled.returncode != 0:
            raise RuntimeError("does not compile:\n" + compiled.stderr)
        # In a folder of its own, so that a program which writes a file leaves none behind.
        done = subprocess.run([str(binary)], capture_output=True, text=True, timeout=120, cwd=folder)
        if done.returncode != 0:
            raise RuntimeError(f"ends with {done.returncode}: {done.stderr}")
        return done.stdout


def has_the_pages_digits(tree, library, compiler):
    """Whether numbers come out here as on every x86-64 CPU with AVX2 and FMA, where the pages were written.
    Elsewhere the last bits differ, and what was learned from them in more than that."""
    program = """#include <recrl/recrl.h>
#include <stdio.h>
int main(void)
{
    rr_runtime_info info = {.struct_size = sizeof info};
    return rr_runtime_describe(&info, NULL) != RR_OK || puts(info.number_class) < 0;
}
"""
    return run(program, tree, library, compiler) == "x86-64-fma\n"


def without_digits(text):
    return re.sub(r"\s*-?\d[\d.e+-]*", " 0", text)


def page_prints_what_it_says(path, tree, library, compiler):
    text = read(path)
    program, output = split(text)
    if program is None or output is None:
        return [f"docs/course/{path.name} has no program, or does not say what it prints"]
    try:
        printed = run(program, tree, library, compiler)
    except RuntimeError as reason:
        return [f"docs/course/{path.name}: its program {reason}"]
    said = text[slice(*output)]
    if printed == said:
        return []
    if (without_digits(printed) == without_digits(said)
            and not has_the_pages_digits(tree, library, compiler)):
        return []
    pairs = zip(printed.splitlines() + [""] * said.count("\n"), said.splitlines() + [""])
    first = next(((a, b) for a, b in pairs if a != b), (printed, said))
    return [f'docs/course/{path.name}: its program prints "{first[0]}" where the page says "{first[1]}" '
            "(tests/house/course.py writes it anew; then read the page's prose again)"]


def write(tree, library, compiler):
    for path in pages(tree):
        text = read(path)
        program, output = split(text)
        printed = run(program, tree, library, compiler)
        path.write_text(text[:output[0]] + printed + text[output[1]:], encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    write(sys.argv[1], sys.argv[2], sys.argv[3:])
