# SPDX-License-Identifier: MIT
"""The chapters of include/recrl/ as declarations and what stands before them.

The form is that of docs/CONTRIBUTING.md: a comment before a declaration says what it is; "Errors:"
and "Cost:" in it begin parts of their own, which end at the next one or at an empty line. Functions
that follow one another without a comment between share that of the first. What the head of a
chapter says after "Cost:" holds for every function that says nothing else."""
import pathlib
import re

COMMON = {"RR_E_INVALID", "RR_E_UNSUPPORTED"}  # may come from every function that returns a status

SAID_OF_COMMON = ("As every function that returns a status: RR_E_INVALID for an argument, "
                  "RR_E_UNSUPPORTED for a field of a struct that is not served yet.")

COMMENT = re.compile(r"^/\*(.*?)\*/", re.S | re.M)
FUNCTION = re.compile(r"^RR_API\b([^;{}]*?)\b(rr_\w+)\s*\(([^;]*?)\)\s*;", re.S | re.M)


def chapters(tree):
    """Paths of the headers in the order in which recrl.h includes them; recrl.h comes first."""
    folder = pathlib.Path(tree) / "include/recrl"
    front = (folder / "recrl.h").read_text(encoding="utf-8")
    return [folder / "recrl.h"] + [folder / name for name in
                                   re.findall(r"#include <recrl/(\w+\.h)>", front)]


def plain(comment):
    """The text of a comment without its stars."""
    body = comment.strip()[2:-2]
    lines = [re.sub(r"^ \* ?", "", line) if i else line.strip()
             for i, line in enumerate(body.split("\n"))]
    return "\n".join(lines).strip("\n").rstrip()


def parts(text):
    """A comment's text as {"": the contract, "Errors": …, "Cost": …}."""
    found, name = {"": ""}, ""
    for piece in re.split(r"(?:(?<=^)|(?<=\s))(Errors|Cost):(?=\s)|(\n\n)", text):
        if piece in ("Errors", "Cost"):
            name = piece
            found.setdefault(name, "")
        elif piece == "\n\n":
            name = ""
            found[""] += piece
        elif piece:
            found[name] += piece.rstrip() if name else piece
    return {key: value.strip("\n") if value.startswith("\n") else value.strip()
            for key, value in found.items()}


def cost_of_chapter(text):
    """What the head of a chapter, its comment "recrl/NAME.h: …", says of cost."""
    head = next((plain(m.group()) for m in COMMENT.finditer(text)
                 if plain(m.group()).startswith("recrl/")), "")
    return parts(head).get("Cost", "").strip()


def sections(name, returned, comment, cost, rules):
    """What is said of a function beside its contract: (title, text) of errors, cost and threads."""
    said = parts(comment)
    errors = "None: it cannot fail."
    if returned == "rr_status":
        errors = "\n\n".join(filter(None, [said.get("Errors"), SAID_OF_COMMON]))
    threads = thread_rule(name, rules) or ""
    return [(title, text[:1].upper() + text[1:]) for title, text in (
        ("Errors", errors), ("Cost", said.get("Cost") or cost), ("Threads", threads))]


def first_sentence(text):
    """(the first sentence, what follows it)."""
    found = re.match(r".*?\.(?=\s|$)", text, re.S)
    return (found.group(), text[found.end():]) if found else (text, "")


def functions(text):
    """Of a header: (name, returned type, text of the comment, does the comment stand before this very
    one) of each function."""
    found, comment, end = [], None, -1
    events = sorted([(m.start(), m.end(), m) for m in COMMENT.finditer(text)]
                    + [(m.start(), m.end(), m) for m in FUNCTION.finditer(text)], key=lambda e: e[0])
    own = False
    for begin, stop, match in events:
        gap = text[end:begin] if end >= 0 else "\n\n"
        if match.re is COMMENT:
            comment, own = plain(match.group()), True
        else:
            if gap.strip() or "\n\n" in gap:
                comment = None
            found.append((match.group(2), match.group(1).strip(), comment or "", own))
            own = False
        end = stop
    return found


def thread_rules(front):
    """Of recrl.h: (names and patterns, rule) of each line of "What may run beside what"."""
    text = next(plain(m.group()) for m in COMMENT.finditer(front)
                if "What may run beside what" in m.group())
    text = text[text.index("What may run beside what"):]
    rules = []
    for match in re.finditer(r"^  - (.*?)(?=^  \S|\Z)", text, re.S | re.M):
        names, _, rule = re.sub(r"\s+", " ", match.group(1)).partition(": ")
        rules.append((names.split(", "), rule.strip()))
    return rules


def thread_rule(name, rules):
    """The rule for a function: a whole name before the end of one, that before a beginning; of equals
    the longest. None where no line has it."""
    best, found = (0, 0), None
    for patterns, rule in rules:
        for pattern in patterns:
            begin, star, end = pattern.partition("*")
            if name == pattern or star and name.startswith(begin) and name.endswith(end):
                rank = (3 if not star else 2 if end else 1, len(pattern))
                if rank > best:
                    best, found = rank, rule
    return found
