# SPDX-License-Identifier: MIT
"""Pages for man 3 from the headers: one for each function and each struct of include/recrl/.

    python3 docs/reference/man.py TREE FOLDER VERSION      writes FOLDER/rr_….3

Doxygen's own pages are one for a chapter, and doxygen2man leaves lists out without a word."""
import pathlib
import re
import sys

import headers

STRUCT = re.compile(r"^typedef struct (?P<name>rr_\w+) \{.*?^\} \1;", re.S | re.M)
STATUSES = re.compile(r"^typedef int32_t (?P<name>rr_status);.*?^\};", re.S | re.M)


def roff(line):
    """A line of text: no character of it is a request or an escape."""
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + line if line.startswith((".", "'")) else line


def paragraphs(text):
    """Running text, filled; what is set in stays as it is."""
    out, is_kept = [], False
    for line in text.strip("\n").split("\n"):
        keep = line.startswith("  ") or line.startswith("- ")
        if keep != is_kept:
            out += [".PP", ".nf" if keep else ".fi"]
        is_kept = keep
        out.append(roff(line) if line.strip() else ".PP")
    return out + ([".fi"] if is_kept else [])


def page(name, version, said, synopsis, sections, related):
    brief, _ = headers.first_sentence(said)
    lines = ["'\\\" -*- coding: UTF-8 -*-", '.\\" SPDX-License-Identifier: MIT',
             f'.TH {name.upper()} 3 "" "librecrl {version}" "librecrl"', ".SH NAME",
             f"{name} \\- {roff(' '.join(brief.split()).rstrip('.'))}", ".SH SYNOPSIS", ".nf",
             "#include <recrl/recrl.h>", "", *map(roff, synopsis.split("\n")), ".fi"]
    for title, text in [("Description", said), *sections]:
        lines += [f".SH {title.upper()}", *paragraphs(text)]
    lines += [".SH SEE ALSO", ".nh", ".ad l"]
    lines += [f".BR {other} (3)" + ("," if other != related[-1] else "") for other in related]
    return "\n".join(lines) + "\n"


def pages(tree, version):
    """(name, text) of each page."""
    paths = headers.chapters(tree)
    rules = headers.thread_rules(paths[0].read_text(encoding="utf-8"))
    for path in paths[1:]:
        text = path.read_text(encoding="utf-8")
        cost = headers.cost_of_chapter(text)
        declared = {m.group(2): re.sub(r"^ {7}", "", m.group().removeprefix("RR_API "), flags=re.M)
                    for m in headers.FUNCTION.finditer(text)}
        names = list(declared)
        for name, returned, comment, _ in headers.functions(text):
            family = [other for other in names
                      if other != name and other.split("_")[1] == name.split("_")[1]]
            yield name, page(name, version, headers.parts(comment)[""], declared[name],
                             headers.sections(name, returned, comment, cost, rules),
                             family or [other for other in names if other != name])
        for match in [*STRUCT.finditer(text), *STATUSES.finditer(text)]:
            name, before = match["name"], text[:match.start()]
            comment = headers.plain(before[before.rindex("/*"):].strip())
            users = [other for other in names if re.search(rf"\b{name} \*", declared[other])]
            yield name, page(name, version, comment, match.group(), [],
                             users or ["rr_status_name", "rr_status_text"])


def main():
    tree, folder, version = sys.argv[1:4]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(tree, version):
        (folder / f"{name}.3").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
