# SPDX-License-Identifier: MIT
"""Links of the Markdown pages: README.md and docs/. A relative link leads to a file of the tree, and
what follows its # is a heading of the page, spelt as GitHub spells it."""
import os
import pathlib
import re
import urllib.parse

import rules


def without_code(text):
    """A page without fenced and quoted code; lines stay where they are."""
    text = re.sub(r"^(```|~~~).*?^\1[^\n]*", lambda m: "\n" * m.group().count("\n"), text,
                  flags=re.S | re.M)
    return re.sub(r"(`+)[^`].*?\1", "", text)


def pages(tree):
    root = pathlib.Path(tree)
    return [pathlib.Path("README.md")] + sorted(p.relative_to(root) for p in (root / "docs").rglob("*.md"))


def anchors(text):
    """Of a page: its headings as GitHub makes them, and what it names itself."""
    found = {}
    fences = re.sub(r"^(```|~~~).*?^\1[^\n]*", "", text, flags=re.S | re.M)
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", fences, re.M):
        heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    names = {slug for slug in found} | {f"{slug}-{i}" for slug, n in found.items()
                                        for i in range(1, n + 1)}
    return names | set(re.findall(r'\b(?:id|name)="([^"]+)"', fences))


def links(text):
    """(line, target) of each link and picture."""
    plain = without_code(text)
    patterns = (r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", r"^\[[^\]]+\]:[ \t]+(\S+)[ \t]*$",
                r"\b(?:href|src|srcset)=\"([^\"]+)\"")
    return [(plain.count("\n", 0, match.start()) + 1, match.group(1))
            for pattern in patterns for match in re.finditer(pattern, plain, re.M)]


def every_link_resolves(tree):
    root, found = pathlib.Path(tree), []
    for page in pages(tree):
        for line, link in links(rules.read(tree, page)):
            target = urllib.parse.urlsplit(link)
            if target.scheme in ("http", "https", "mailto"):
                continue
            path = urllib.parse.unquote(target.path)
            file = pathlib.Path(os.path.normpath(page.parent / path)) if path else page
            if str(file).startswith("..") or path.startswith("/"):
                found.append(f"{page}:{line} links to {link}, which is outside of the tree")
            elif not (root / file).exists():
                found.append(f"{page}:{line} links to {link}, which does not exist")
            elif target.fragment and file.suffix == ".md" and (
                    target.fragment not in anchors(rules.read(tree, file))):
                found.append(f"{page}:{line} links to {link}; {file} has no such heading")
    return found


def every_page_is_reached(tree):
    """From README.md, by links: a page that nobody links to is read by nobody."""
    root, reached, waiting = pathlib.Path(tree), set(), [pathlib.Path("README.md")]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not (root / page).exists():
            continue
        reached.add(page)
        for _, link in links(rules.read(tree, page)):
            target = urllib.parse.urlsplit(link)
            if not target.scheme and target.path:
                waiting.append(pathlib.Path(os.path.normpath(page.parent / target.path)))
    return [f"{page} is reached by no links from README.md" for page in pages(tree)
            if page not in reached]
