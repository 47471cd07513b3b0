# SPDX-License-Identifier: MIT
"""A header of include/recrl/ as Doxygen wants it: its comments become documentation of what they stand
before or behind, and each function gets a part for its statuses, its cost and its threads.

usage: filter.py HEADER, which prints it (Doxygen's INPUT_FILTER)"""
import pathlib
import re
import sys

import headers

DEFAULTS = {
    "struct_size": "sizeof of this struct, as the caller's compiler sees it.",
    "kind": "Which config this is; set by its init.",
    "reserved": "Must be 0.",
}
RESERVED = "Reserved: must be 0 or NULL. "
TERM = re.compile(r"^(\s+)(\S[^\s].{0,18}?)\s{2,}(\S.*)$")


class Names:
    """What a name in a comment can be linked to."""

    def __init__(self, paths):
        self.functions, self.structs, self.constants, self.fields = set(), set(), set(), set()
        for path in paths:
            text = path.read_text(encoding="utf-8")
            self.functions |= {name for name, _, _, _ in headers.functions(text)}
            for name, body in re.findall(r"typedef struct (rr_\w+) \{(.*?)^\} \1;", text, re.S | re.M):
                self.structs.add(name)
                code = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
                self.fields |= {f"{name}.{field}" for field in re.findall(r"(\w+)(?:\[\d+\])?;", code)}
                self.fields |= {f"{name}.{field}" for field in re.findall(r"\(\*(\w+)\)", code)}
            self.structs |= set(re.findall(r"typedef struct \w+ (rr_\w+);", text))
            self.constants |= set(re.findall(r"^\s+(RR_[A-Z0-9_]+) = ", text, re.M))

    def link(self, match):
        word = match.group()
        if word in self.fields:
            return f'@ref {word.replace(".", "::")} "{word}"'
        if word in self.functions | self.structs | self.constants:
            return f'@ref {word} "{word}"'
        struct, dot, rest = word.partition(".")
        if dot and struct in self.structs:
            return f'@ref {struct} "{struct}".{rest}'
        return word


def escaped(text, names):
    """Running text: nothing of it is markup but `code`; names become links."""
    pieces = re.split(r"(`[^`]+`)", text)
    for i, piece in enumerate(pieces):
        if i % 2:
            inner = piece[1:-1]
            pieces[i] = f"<tt>{inner}</tt>"
            continue
        piece = re.sub(r"([\\@<>&#%*])", r"\\\1", piece)
        piece = re.sub(r"(?<!\w)_(?=\w)", r"\\_", piece)
        pieces[i] = re.sub(r"\b(?:rr|RR)_\w+(?:\.\w+)?\b", names.link, piece)
    return "".join(pieces)


def block(lines, names):
    """Lines that are set in: a list with stars, a list of terms, or text that is kept as it is."""
    if re.match(r"\s*- ", lines[0]):
        items = re.sub(r"\n\s+(?!- )", " ", "\n".join(lines)).split("\n")
        return ["- " + escaped(item.strip()[2:], names) for item in items] + [""]
    first = TERM.match(lines[0])
    if first:
        column = len(first.group(1)) + len(first.group(2))
        out, at = ["<dl class=\"terms\">"], None
        for line in lines:
            term = TERM.match(line)
            if term and len(term.group(1)) == len(first.group(1)) and len(line) > column:
                out.append(("</dd>" if at else "") + f"<dt>{escaped(term.group(2), names)}</dt><dd>"
                           + escaped(term.group(3), names))
                at = True
            else:
                out.append(escaped(line.strip(), names))
        return out + ["</dd></dl>", ""]
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    body = [line[margin:] for line in lines]
    return ["@code{.c}", *body, "@endcode", ""] if any(";" in line for line in lines) else [
        "@verbatim", *body, "@endverbatim", ""]


def prose(text, names):
    """A comment's text as Doxygen's: paragraphs stay, what is set in becomes a block."""
    out, held = [], []
    for line in text.split("\n") + [""]:
        if line.startswith("  ") or line.startswith("- "):
            held.append(line)
            continue
        if held:
            out += ["", *block(held, names)]
            held = []
        out.append(escaped(line, names))
    return "\n".join(out).strip("\n")


def documented(body):
    """Without stars at the beginnings of lines: in kept text Doxygen would show them."""
    return "/**\n" + body + "\n*/"


def titled(name, text, names):
    """Documentation that a link to "#name" leads to: the first sentence, then the rest."""
    brief, rest = headers.first_sentence(text)
    return (f"@brief {prose(brief, names)}\n\n"
            f"@htmlonly <a class=\"name\" id=\"{name}\"></a> @endhtmlonly\n\n{prose(rest, names)}")


def of_function(name, returned, comment, cost, rules, names):
    """The documentation of one function."""
    out = titled(name, headers.parts(comment)[""], names)
    for title, text in headers.sections(name, returned, comment, cost, rules):
        said = prose(text, names)  # an empty line would end the part
        out += f"\n@par {title}\n" + (said if "<dl" in said else said.replace("\n\n", "\n<br>\n"))
    return documented(out)


def fields_documented(text, names):
    """Comments behind fields and constants become theirs; a field without one gets what its name
    says; what follows "Reserved from here on" says that it is."""
    text = re.sub(r"(?<=\S)([ \t]+)/\*(?!\*)\s*(.*?)\s*\*/",
                  lambda m: f"{m.group(1)}/**< " + escaped(re.sub(r"\s+", " ", m.group(2)), names) + " */",
                  text, flags=re.S)
    for name, says in DEFAULTS.items():
        text = re.sub(rf"^(    u?int32_t {name};)$", rf"\1 /**< {says} */", text, flags=re.M)

    def reserve(match):
        return match.group(1) + match.group(2).replace("/**< ", "/**< " + RESERVED)
    return re.sub(r"(/\* Reserved from here on.*?\*/)(.*?^\})", reserve, text, flags=re.S | re.M)


def front_page(text, names):
    """recrl.h's head is the main page, and the list of chapters."""
    head = next(said for m in headers.COMMENT.finditer(text)
                if (said := headers.plain(m.group())).startswith("recrl.h: "))
    chapters = re.findall(r"#include <recrl/(\w+)\.h>\s+/\* (.*?) \*/", text)
    out = ["@mainpage librecrl"]
    head = head.removeprefix("recrl.h: ")
    for paragraph in (head[:1].upper() + head[1:]).split("\n\n"):
        title, _, rest = paragraph.partition("\n")
        lines = rest.split("\n")
        if re.fullmatch(r"[A-Z][\w ]+", title) and all(line.startswith("  ") for line in lines):
            out += [f"@section {title.lower().replace(' ', '_')} {title}"]
            is_list = TERM.match(lines[0])
            paragraph = "\n".join(lines if is_list else [line[2:] for line in lines])
        out += [prose(paragraph, names), ""]
    out += ["@section reading_order In reading order", ""]
    out += [f"- @ref {name} \"{name}.h\": {escaped(says, names)}" for name, says in chapters]
    return documented("\n".join(out))


def lists(paths, names):
    """Two pages more: every function with its chapter, and every status with who may return it."""
    by_name, by_status = {}, {}
    for path in paths:
        for name, returned, comment, _ in headers.functions(path.read_text(encoding="utf-8")):
            first, _ = headers.first_sentence(headers.parts(comment)[""].replace("\n", " "))
            by_name[name] = (f"@ref {name} \"{name}\" | @ref {path.stem} \"{path.name}\" | "
                             + escaped(first, names).replace("|", "\\|"))
            for status in set(re.findall(r"\bRR_E_[A-Z_]+\b", comment)) - headers.COMMON:
                by_status.setdefault(status, []).append(name)
    out = ["@page all_functions All functions", "", "Function | Chapter | What it does", "---|---|---"]
    out += [by_name[name] for name in sorted(by_name)]
    text = paths[1].read_text(encoding="utf-8")
    out += ["", "@page all_statuses All statuses", "", "Status | Returned by", "---|---"]
    for status in re.findall(r"^    (RR_E_\w+) = ", text, re.M):
        who = ("each function that can fail" if status == "RR_E_INVALID"
               else "each function that takes a struct" if status in headers.COMMON
               else ", ".join(f'@ref {name} "{name}"' for name in sorted(by_status.get(status, []))))
        out.append(f'@ref {status} "{status}" | {who}')
    return documented("\n".join(out))


def chapter(path, text, rules, names):
    cost = headers.cost_of_chapter(text)
    by_name = {name: (returned, comment) for name, returned, comment, _ in headers.functions(text)}
    head, loose, out, end = "", [], [], 0
    for match in sorted([*headers.COMMENT.finditer(text), *headers.FUNCTION.finditer(text)],
                        key=lambda m: m.start()):
        if match.start() < end:
            continue
        out.append(text[end:match.start()])
        end = match.end()
        if match.re is headers.FUNCTION:
            returned, comment = by_name[match.group(2)]
            out.append(of_function(match.group(2), returned, comment, cost, rules, names) + "\n"
                       + match.group())
            continue
        said, after = headers.plain(match.group()), text[match.end():match.end() + 2]
        if said.startswith("recrl/"):
            head = said
        elif re.match(r"\n\n", after):
            loose.append(prose(said, names))
        elif not re.match(r"\s*RR_API", text[match.end():]) and not said.startswith("SPDX"):
            struct = re.match(r"\s*typedef struct (\w+)", text[match.end():])
            out.append(documented(titled(struct.group(1), said, names) if struct else prose(said, names)))
    out.append(text[end:])
    _, _, subject = headers.parts(head)[""].strip().partition(": ")
    about = [prose(subject[:1].upper() + subject[1:], names), *loose]
    begin = documented(f"@defgroup {path.stem} {path.name}\n" + "\n\n".join(about) + "\n@{")
    body = fields_documented("".join(out), names)
    return begin + "\n" + body + "\n/** @} */\n"


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    tree = path.parents[2]
    paths = headers.chapters(tree)
    front = paths[0].read_text(encoding="utf-8")
    names = Names(paths)
    text = path.read_text(encoding="utf-8")
    if path.name == "recrl.h":
        print(front_page(text, names))
        print(lists(paths, names))
    else:
        print(chapter(path, text, headers.thread_rules(front), names))


if __name__ == "__main__":
    main()
