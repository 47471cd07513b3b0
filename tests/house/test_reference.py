# SPDX-License-Identifier: MIT
"""The reference as docs/reference/ makes it: every function, struct, field and constant of the headers
has an entry with text, every link leads somewhere, nothing comes from outside, search knows every
function, and every page of man 3 renders without a word of complaint.

usage: test_reference.py TREE FOLDER, which has reference/, xml/ and man3/"""
import html.parser
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import contracts
import rules

TREE, FOLDER = pathlib.Path("."), pathlib.Path("build/docs/reference")


class Page(html.parser.HTMLParser):
    """Links, anchors and text of a page; what each anchor's text goes on with, up to the next title."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.links, self.anchors, self.text = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name in ("id", "name") and value:
                self.anchors.add(value)
                self.text.append(f"\0{value}\0")
        if tag == "dt":
            self.text.append("\n")

    def handle_endtag(self, tag):
        if tag == "dt":
            self.text.append("\n")

    def handle_data(self, data):
        self.text.append(data)


def broken_links(folder):
    """Of all pages, and of what search and the tree at the side have."""
    folder = pathlib.Path(folder)
    pages = {path.name: Page(path) for path in folder.glob("*.html")}
    asked = [(name, link) for name, page in pages.items() for link in page.links]
    for path in folder.glob("search/*_*.js"):
        asked += [(path.name, link.removeprefix("../"))
                  for link in re.findall(r"\['(\.\./[^']*)'", path.read_text(encoding="utf-8"))]
    found = []
    for name, link in asked:
        target = urllib.parse.urlsplit(link)
        if target.scheme == "javascript" or link == "https://www.doxygen.org/index.html":
            continue
        if target.scheme or target.netloc:
            found.append(f"{name} asks for {link}")
            continue
        file = target.path or name
        if not (folder / file).exists():
            found.append(f"{name} links to {link}: there is no such file")
        elif target.fragment and file in pages and target.fragment not in pages[file].anchors:
            found.append(f"{name} links to {link}: there is no such anchor")
    return found


def text_of(element):
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def documented(folder):
    """{name: its text} of what Doxygen read: functions, structs, STRUCT.FIELD, constants, macros."""
    found = {}
    for path in pathlib.Path(folder).glob("*.xml"):
        if path.name in ("index.xml", "Doxyfile.xml"):
            continue
        for compound in xml.etree.ElementTree.parse(path).iter("compounddef"):
            def said(element):
                return text_of(element.find("briefdescription")) + text_of(element.find("detaileddescription"))
            name = compound.findtext("compoundname")
            is_struct = compound.get("kind") == "struct"
            if is_struct:
                found[name] = said(compound)
            for member in compound.iter("memberdef"):
                of = f"{name}." if is_struct else ""
                found[of + member.findtext("name")] = said(member)
                for value in member.iter("enumvalue"):
                    found[value.findtext("name")] = said(value)
    return found


def declared(tree):
    """Names of functions, structs, STRUCT.FIELD, constants and macros in the headers, read without
    their comments."""
    names = set(rules.names_in_header(tree))
    for path in sorted((pathlib.Path(tree) / "include/recrl").glob("*.h")):
        code = rules.code_of(path.read_text(encoding="utf-8"))
        for struct, body in re.findall(r"typedef struct (rr_\w+) \{(.*?)\} \1;", code, re.S):
            names.add(struct)
            for statement in filter(str.strip, body.split(";")):
                callback = re.search(r"\(\*(\w+)\)", statement)
                fields = [callback.group(1)] if callback else re.findall(
                    r"(\w+)(?:\[\d+\])?\s*(?:,|$)", statement.strip())
                names |= {f"{struct}.{field}" for field in fields}
        names |= set(re.findall(r"typedef [\w ]+ (rr_\w+);", code))
        names |= set(re.findall(r"^\s+(RR_\w+) = ", code, re.M))
        names |= set(re.findall(r"^#define (RR_VERSION_\w+)", code, re.M))
    return names


class TheReference(unittest.TestCase):
    def test_everything_that_is_declared_has_an_entry_with_text(self):
        known, wanted = documented(FOLDER / "xml"), declared(TREE)
        self.assertGreater(len(wanted), 700)
        self.assertEqual([name for name in sorted(wanted) if not known.get(name)], [])

    def test_every_function_is_anchored_with_statuses_cost_and_threads(self):
        pages = {path.stem: "".join(Page(path).text)
                 for path in (FOLDER / "reference").glob("group__*.html")}
        for chapter, _, name, returned, comment in contracts.all_functions(TREE):
            page = pages["group__" + chapter.removesuffix(".h")]
            entry = page.partition(f"\0{name}\0")[2]
            entry = re.sub(r"\0[^\0]*\0", "", re.split(rf"\0rr_\w+\0", entry)[0])
            parts = re.split(r"\n(Errors|Cost|Threads)\n", entry)
            titles = dict(zip(parts[1::2], map(str.strip, parts[2::2])))
            with self.subTest(name=name):
                self.assertEqual(sorted(titles), ["Cost", "Errors", "Threads"])
                self.assertTrue(all(len(text) > 5 for text in titles.values()), titles)
                if returned == "rr_status":
                    said = set(contracts.STATUS.findall(comment)) | contracts.headers.COMMON
                    self.assertEqual(said - set(contracts.STATUS.findall(entry)), set())

    def test_a_chapter_is_one_page_with_its_structs_and_in_reading_order(self):
        chapters = [path.stem for path in contracts.headers.chapters(TREE)][1:]
        menu = (FOLDER / "reference/modules.html").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r'href="group__(\w+)\.html"', menu), chapters)
        self.assertIn("learning_rate", (FOLDER / "reference/group__agent.html").read_text("utf-8"))

    def test_every_link_leads_somewhere_and_nothing_comes_from_outside(self):
        self.assertEqual(broken_links(FOLDER / "reference"), [])

    def test_search_knows_every_function_without_a_server(self):
        index = "".join(path.read_text(encoding="utf-8")
                        for path in (FOLDER / "reference/search").glob("functions_*.js"))
        self.assertEqual([name for name in sorted(rules.names_in_map(TREE)) if f"'{name}'" not in index], [])
        page = (FOLDER / "reference/index.html").read_text(encoding="utf-8")
        self.assertIn("initMenu('',true,false,", page)  # with search, and not on a server

    def test_headers_are_included_as_programs_include_them(self):
        shown = [name for path in (FOLDER / "reference").glob("*.html")
                 for name in re.findall(r"#include &lt;([^&]*)&gt;", path.read_text(encoding="utf-8"))]
        self.assertTrue(shown)
        self.assertEqual([name for name in shown if not (TREE / "include" / name).exists()], [])

    def test_light_and_dark(self):
        style = (FOLDER / "reference/doxygen-awesome.css").read_text(encoding="utf-8")
        self.assertIn("prefers-color-scheme: dark", style)

    def test_every_function_and_struct_has_a_page_for_man_that_renders(self):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"}
        wanted = {name for name in declared(TREE) if re.fullmatch(r"rr_\w+", name)} - {
            handle for handle in declared(TREE) if handle in OPAQUE}
        self.assertEqual(sorted(path.stem for path in (FOLDER / "man3").iterdir()), sorted(wanted))
        for path in sorted((FOLDER / "man3").iterdir()):
            shown = subprocess.run(["man", "--warnings", "-P", "cat", "./" + path.name], text=True,
                                   capture_output=True, cwd=path.parent, env=environment)
            with self.subTest(page=path.name):
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"):
                    self.assertRegex(shown.stdout, rf"(?m)^{title}\n +\S")

    def test_the_pages_for_man_say_all_that_the_header_says(self):
        for chapter, _, name, _, comment in contracts.all_functions(TREE):
            page = (FOLDER / f"man3/{name}.3").read_text("utf-8").replace("\\", "").lower()
            missing = [word for word in re.findall(r"\w+", comment) if word.lower() not in page
                       and word not in ("Errors", "Cost")]
            with self.subTest(name=name):
                self.assertEqual(missing[:5], [])


class TheTestItself(unittest.TestCase):
    def test_broken_links_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "index.html"
            page.write_text('<a href="gone.html">a</a><a href="#gone">b</a><a id="c" href="#c">c</a>'
                            '<script src="https://example.org/x.js"></script>')
            found = broken_links(folder)
            self.assertEqual(len(found), 3, found)
            for word in ("gone.html", "#gone", "example.org"):
                self.assertTrue(any(word in sentence for sentence in found), word)


if __name__ == "__main__":
    TREE, FOLDER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    OPAQUE = set(re.findall(r"typedef struct \w+ (rr_\w+);",
                            (TREE / "include/recrl/base.h").read_text(encoding="utf-8")))
    unittest.main(argv=sys.argv[:1], verbosity=1)
