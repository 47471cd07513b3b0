# SPDX-License-Identifier: MIT
"""The rules of links.py on this tree and on small ones that break them.

usage: test_links.py TREE"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import links

TREE = "."


class ThisTree(unittest.TestCase):
    def test_every_link_resolves(self):
        found = links.every_link_resolves(TREE)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_every_page_is_reached(self):
        found = links.every_page_is_reached(TREE)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_there_are_links(self):
        self.assertGreater(sum(len(links.links(links.rules.read(TREE, page)))
                               for page in links.pages(TREE)), 50)


class TreesThatBreakThem(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.tree = pathlib.Path(held.name)
        (self.tree / "docs").mkdir()
        self.write("docs/a.md", "# One, *two* & `three`\n\n## Same\n\n## Same\n\n[up](../README.md)\n")

    def write(self, path, text):
        (self.tree / path).write_text(text, encoding="utf-8")

    def resolves(self, text):
        self.write("README.md", text)
        return links.every_link_resolves(self.tree)

    def test_good_links(self):
        for link in ("docs/a.md", "docs/a.md#one-two--three", "docs/a.md#same-1", "https://a.example/x",
                     "#here", "docs"):
            self.assertEqual(self.resolves(f"# Here\n\n[a]({link}) <a href=\"{link}\">b</a>\n"), [], link)

    def test_bad_links(self):
        for link in ("docs/b.md", "docs/a.md#gone", "docs/a.md#same-2", "#gone", "../out.md", "/docs/a.md"):
            for text in (f"[a]({link})\n", f"![a]({link} \"title\")\n", f"[a]: {link}\n",
                         f"<img src=\"{link}\">\n"):
                found = self.resolves(text)
                self.assertEqual(len(found), 1, (text, found))
                self.assertIn(f"README.md:1 links to {link}", found[0])

    def test_code_has_no_links(self):
        self.assertEqual(self.resolves("`[a](gone.md)`\n\n```c\nx[i](gone);\n# no heading\n```\n"), [])
        self.assertEqual(self.resolves("as was said\n[Somebody 2015]: with a constant\n"), [])
        self.assertEqual(len(self.resolves("```\n# no heading\n```\n[a](#no-heading)\n")), 1)

    def test_a_page_that_nobody_links_to(self):
        self.write("README.md", "[a](docs/a.md)\n")
        self.assertEqual(links.every_page_is_reached(self.tree), [])
        self.write("docs/b.md", "alone\n")
        self.assertEqual(len(links.every_page_is_reached(self.tree)), 1)


if __name__ == "__main__":
    TREE = sys.argv[1] if len(sys.argv) > 1 else TREE
    unittest.main(argv=sys.argv[:1], verbosity=1)
