# SPDX-License-Identifier: MIT
"""The documents docs/01 … 07: what they show of the tree stands in it, what they name exists, and what
their commands print is what they say.

usage: theory.py TREE      where lines that a page shows have changed, puts the new ones in; then read
                           the sentences beside them again"""
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

PAGES = ("01_intro_recsys", "02_rl_formulation", "03_theory_ppo", "04_theory_a2c", "05_code_walkthrough",
         "06_imitation_agents", "07_extensions")
LIFTED = ("05_code_walkthrough", "06_imitation_agents")
FORMULAS = ("03_theory_ppo", "04_theory_a2c")
LEFT_OUT = "/* … */"
FEWEST_EXERCISES = 3

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PATH = re.compile(r"`((?:lib|include|examples|tests|docs)/[\w./+-]*\w)`")
FUNCTION = re.compile(r"\brri?_[a-z0-9_]+\b")
MEMBER = re.compile(r"`(rr_\w+)\.(\w+)`")


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def page(tree, name):
    return pathlib.Path(tree) / "docs" / f"{name}.md"


def pages(tree, names=PAGES):
    return [page(tree, name) for name in names if page(tree, name).exists()]


def prose(text):
    """Without blocks of code."""
    return BLOCK.sub("\n", text)


def they_are_there(tree):
    return [f"docs/{name}.md is not there" for name in PAGES if not page(tree, name).exists()]


def pages_open_with_what_one_can_do(tree):
    """The first paragraph says what the reader will be able to do."""
    return [f'docs/{path.name} does not open with "After this page you can"'
            for path in pages(tree)
            if not re.match(r"# [^\n]+\n\nAfter this page you can ", read(path))]


def pages_lead_on(tree):
    """Each page ends with where to go next: to the page after it, the last one to docs/serving.md."""
    after = [f"{name}.md" for name in PAGES[1:]] + ["serving.md"]
    return [f"docs/{path.name} does not end with a line that begins with Next: and leads to {target}"
            for path, target in zip([page(tree, name) for name in PAGES], after)
            if path.exists() and not re.search(rf"^Next: [^\n]*\]\({target}\)[^\n]*\n*\Z", read(path), re.M)]


def exercises_have_answers(tree):
    found = []
    for path in pages(tree):
        count = {}
        for title in ("Exercises", "Answers"):
            part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", read(path), re.M | re.S)
            count[title] = len(re.findall(r"^\d+\. ", part.group(1), re.M)) if part else 0
        if count["Exercises"] < FEWEST_EXERCISES or count["Exercises"] != count["Answers"]:
            found.append(f"docs/{path.name} has {count['Exercises']} exercises and {count['Answers']} "
                         f"answers; at least {FEWEST_EXERCISES}, and as many of each")
    return found


def stands_in(code, source):
    """Whether the pieces of a block, between lines that say that something was left out, stand in a
    source in their order, whole lines each. Returns the first line of a piece that does not, or None."""
    at = 0
    for piece in re.split(rf"^ *{re.escape(LEFT_OUT)}\n", code, flags=re.M):
        found = ("\n" + source).find("\n" + piece, at)
        if found < 0:
            return piece.splitlines()[0] if piece else "(nothing)"
        at = found + len(piece)
    return None


def shown_code_stands_in_the_tree(tree, names=LIFTED):
    """Each block of C is of the file that the text named last; a diff names its files itself."""
    found = []
    for path in pages(tree, names):
        text, file, end = read(path), None, 0
        for block in BLOCK.finditer(text):
            named = PATH.findall(text[end:block.start()])
            end = block.end()
            file = named[-1] if named else file
            if block.group(1) == "c":
                found += compare(tree, path, file, block.group(2))
            elif block.group(1) == "diff":
                found += compare_diff(tree, path, block.group(2))
    return found


def compare(tree, path, file, code):
    source = pathlib.Path(tree) / (file or "")
    if not source.is_file():
        return [f"docs/{path.name} shows code of {file}, which is not a file"]
    line = stands_in(code, read(source))
    return [] if line is None else [f"docs/{path.name} shows what {file} does not have: {line}"]


def compare_diff(tree, path, diff):
    """What a diff adds stands in the files; the lines of a hunk lie together there."""
    found = []
    for part in re.split(r"^\+\+\+ ", diff, flags=re.M)[1:]:
        file, hunks = part.split("\n", 1)
        for hunk in re.split(r"^@@\n", hunks, flags=re.M):
            if any(line[:1] not in "+ " for line in hunk.splitlines()):
                found.append(f"docs/{path.name}: a line of the diff of {file} does not begin with + or blank")
            code = "".join(line[1:] + "\n" for line in hunk.splitlines())
            found += compare(tree, path, file, code)
    return found


def lifted_anew(piece, source):
    """The lines of a source that a piece of it was before some of them changed: from the line that its
    first is likeliest to be, to that of its last. None where too little of it is left."""
    lines, there = piece.splitlines(), source.splitlines()
    blocks = [b for b in difflib.SequenceMatcher(None, lines, there, False).get_matching_blocks() if b.size]
    if sum(b.size for b in blocks) * 2 < len(lines):
        return likeliest(lines, there)
    first, last = blocks[0], blocks[-1]
    begin = max(first.b - first.a, 0)
    end = last.b + last.size + (len(lines) - last.a - last.size)
    return "".join(line + "\n" for line in there[begin:end])


def likeliest(lines, there):
    """As many lines of a source as resemble these most; None where they hardly do."""
    text, n = "\n".join(lines), len(lines)
    ratio, begin = max(((difflib.SequenceMatcher(None, text, "\n".join(there[i:i + n]), False).ratio(), i)
                        for i in range(len(there) - n + 1)), default=(0.0, 0))
    return "".join(line + "\n" for line in there[begin:begin + n]) if ratio > 0.6 else None


def write(tree):
    """Puts what stands in the tree now in the place of lines that do not any more."""
    for path in pages(tree, LIFTED):
        text, file, end, out = read(path), None, 0, []
        for block in BLOCK.finditer(text):
            named = PATH.findall(text[end:block.start()])
            file = named[-1] if named else file
            out += [text[end:block.start()], rewritten(tree, file, block)]
            end = block.end()
        path.write_text("".join(out) + text[end:], encoding="utf-8")


def rewritten(tree, file, block):
    kind, code = block.group(1), block.group(2)
    if kind not in ("c", "diff"):
        return block.group(0)
    width = 1 if kind == "diff" else 0  # of the mark before a line
    out = []
    for line_or_piece in re.split(rf"^( *{re.escape(LEFT_OUT)}\n|@@\n|\+\+\+ .*\n)", code, flags=re.M):
        if line_or_piece.startswith("+++ "):
            file = line_or_piece[4:].strip()
        marks = [line[:width] for line in line_or_piece.splitlines()]
        piece = "".join(line[width:] + "\n" for line in line_or_piece.splitlines())
        is_code = piece and not re.match(r"@@|\+\+\+ ", line_or_piece) and LEFT_OUT not in line_or_piece
        if is_code and stands_in(piece, read(pathlib.Path(tree) / file)) is not None:
            piece = lifted_anew(piece, read(pathlib.Path(tree) / file)) or piece
            line_or_piece = "".join(marks[min(i, len(marks) - 1)] + line + "\n"
                                    for i, line in enumerate(piece.splitlines()))
        out.append(line_or_piece)
    return f"```{kind}\n{''.join(out)}```"


def names_exist(tree):
    """Functions and structs of the house, members of public structs, and files."""
    root = pathlib.Path(tree)
    sources = [p for folder in ("lib", "include", "examples") for p in sorted((root / folder).rglob("*.[ch]"))]
    code = {path: read(path) for path in sources}
    known = set(FUNCTION.findall("\n".join(code.values())))
    public = "\n".join(text for path, text in code.items() if path.is_relative_to(root / "include"))
    found = []
    for path in pages(tree):
        text = prose(read(path))
        found += [f"docs/{path.name} names {name}, which is nowhere in lib, include or examples"
                  for name in sorted(set(FUNCTION.findall(text)) - known)]
        found += [f"docs/{path.name} names {name}, which is not there"
                  for name in sorted(set(PATH.findall(text))) if not (root / name).exists()]
        found += [f"docs/{path.name} names {struct}.{member}; the struct has no such member"
                  for struct, member in sorted(set(MEMBER.findall(text)))
                  if not has_member(public, struct, member)]
    return found


def the_map_has_every_room(tree):
    """The table of page 5 names the folders of lib/, each once, and no other."""
    path = page(tree, LIFTED[0])
    if not path.exists():
        return []
    table = re.search(r"^\| room \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", read(path), re.M)
    named = [room for row in (table.group(1) if table else "").splitlines()
             for room in re.findall(r"`(\w+)`", row.split("|")[1])]
    there = sorted(p.name for p in (pathlib.Path(tree) / "lib").iterdir() if p.is_dir())
    return [] if sorted(named) == there else [
        f"docs/{path.name} maps the rooms {sorted(named)}; lib/ has {there}"]


def has_member(headers, struct, member):
    body = re.search(rf"typedef struct {struct} \{{(.*?)\n\}} {struct};", headers, re.S)
    return body is not None and re.search(rf"\b{member}\b(\[\w+\])?;", body.group(1)) is not None


def sections(text):
    """Titles and bodies of the sections ## n."""
    return re.findall(r"^## (\d+\. [^\n]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)


def formulas_name_function_and_test(tree, names=FORMULAS):
    """A section with a formula of its own (indented) says `Code: …; test: …`, or `No code`, and why.
    The test that is named calls a function that is named."""
    found = []
    for path in pages(tree, names):
        for title, body in sections(read(path)):
            text = prose(body)
            has_formula = re.search(r"\n\n {4}\S", "\n" + text)
            where = re.findall(r"^Code: (.*?)(?=\n\n|\Z)", text, re.M | re.S)
            if has_formula and not where and not re.search(r"^No code\b", text, re.M):
                found.append(f'docs/{path.name}, "{title}": a formula, and neither "Code: …" nor "No code …"')
            for sentence in where:
                found += judge_code(tree, f'docs/{path.name}, "{title}"', sentence)
    return found


def judge_code(tree, place, sentence):
    functions = FUNCTION.findall(sentence)
    tests = [pathlib.Path(tree) / name for name in PATH.findall(sentence) if name.startswith("tests/")]
    if not functions or not tests:
        return [f'{place}: "Code:" needs a function and a test of tests/']
    if not all(test.is_file() for test in tests):
        return []  # names_exist says which
    text = "\n".join(read(test) for test in tests)
    return [f"{place}: {name} occurs in none of {', '.join(test.name for test in tests)}"
            for name in functions if not re.search(rf"\b{name}\b", text)]


def sources_are_cited(tree):
    """Each [n] of the first page is in its list, and each of the list is cited."""
    found = []
    for path in pages(tree, PAGES[:1]):
        text = read(path)
        body, _, listed = text.partition("## Sources")
        cited = {int(n) for group in re.findall(r"\[(\d+(?:, \d+)*)\](?!\()", body) for n in group.split(", ")}
        there = {int(n) for n in re.findall(r"^(\d+)\. ", listed, re.M)}
        found += [f"docs/{path.name} cites [{n}], which is not in its list" for n in sorted(cited - there)]
        found += [f"docs/{path.name} lists [{n}] and does not cite it" for n in sorted(there - cited)]
    return found


def without_digits(text):
    return re.sub(r"\s*-?\d[\d.e+-]*", " 0", text)


def commands_print_what_is_said(tree, folder, has_the_pages_digits=True):
    """Each block of commands runs where build/examples is the folder; the block of text behind it is
    how its output begins."""
    found = []
    for path in pages(tree):
        blocks = list(BLOCK.finditer(read(path)))
        for block, after in zip(blocks, [*blocks[1:], None]):
            if block.group(1) != "sh":
                continue
            command = block.group(2).strip()
            with tempfile.TemporaryDirectory() as work:
                (pathlib.Path(work) / "build").mkdir()
                (pathlib.Path(work) / "build/examples").symlink_to(pathlib.Path(folder).resolve())
                done = subprocess.run(["sh", "-e", "-c", command], cwd=work,
                                      capture_output=True, text=True, timeout=120)
            said = after.group(2) if after is not None and after.group(1) == "text" else ""
            printed, ours = done.stdout[:len(said)], said
            if not has_the_pages_digits:
                printed = "".join(done.stdout.splitlines(True)[:said.count("\n")])
                printed, ours = without_digits(printed), without_digits(said)
            if done.returncode != 0:
                found.append(f"docs/{path.name}: {command} ends with {done.returncode}: {done.stderr.strip()}")
            elif printed != ours:
                found.append(f"docs/{path.name}: {command} prints\n{done.stdout}where the page says\n{said}")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
    print("\n".join(shown_code_stands_in_the_tree(sys.argv[1])) or "every piece stands in the tree")
