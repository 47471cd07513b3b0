# SPDX-License-Identifier: MIT
"""The drawings of docs/img: what is committed is what docs/img/draw.py writes, pages show them, they
are legible on light and dark, and a drawing whose parts lie over one another is not written.

usage: test_pictures.py TREE"""
import pathlib
import re
import sys
import tempfile
import unittest
import xml.etree.ElementTree

TREE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
sys.dont_write_bytecode = True
sys.path.insert(0, str(TREE / "docs/img"))
import draw

LEAST_CONTRAST = 4.5  # of small text, WCAG 2.1
ON_CARD = {"--blue": "--blue-card", "--orange": "--orange-card", "--green": "--green-card"}


def colours(block):
    return dict(re.findall(r"(--[a-z-]+):(#[0-9a-f]+)", block))


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


class ThePictures(unittest.TestCase):
    def test_are_what_the_script_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            draw.write_all(folder)
            for name in draw.DRAWINGS:
                written = (pathlib.Path(folder) / f"{name}.svg").read_bytes()
                committed = TREE / "docs/img" / f"{name}.svg"
                self.assertTrue(committed.exists() and committed.read_bytes() == written,
                                f"{committed.name} is not what docs/img/draw.py writes; run it")

    def test_are_shown(self):
        pages = "\n".join(path.read_text(encoding="utf-8")
                          for path in [TREE / "README.md", *(TREE / "docs").rglob("*.md")])
        for name in draw.DRAWINGS:
            shown = re.search(rf"!\[[^\]]{{20,}}\]\([a-z./]*img/{name}\.svg\)", pages)
            self.assertTrue(shown, f"no page shows {name}.svg with a description in words")

    def test_are_well_formed_and_ask_nobody(self):
        for name, drawing in draw.DRAWINGS.items():
            svg = drawing().svg()
            root = xml.etree.ElementTree.fromstring(svg)
            self.assertTrue(root.get("aria-label"), name)
            self.assertNotRegex(svg.replace("http://www.w3.org/2000/svg", ""), "https?:|<script|@import")

    def test_are_legible_on_light_and_dark(self):
        light, dark = draw.STYLE.split("@media(prefers-color-scheme:dark)")
        schemes = {"light": colours(light), "dark": colours(dark.split("}}")[0])}
        self.assertEqual(schemes["light"].keys(), schemes["dark"].keys())
        for scheme, of in schemes.items():
            papers = ["--page", "--card", *ON_CARD.values()]
            pairs = [(ink, paper) for ink in ("--ink", "--faint") for paper in papers]
            pairs += [(ink, paper) for ink, card in ON_CARD.items() for paper in ("--page", card)]
            for ink, paper in pairs:
                self.assertGreaterEqual(contrast(of[ink], of[paper]), LEAST_CONTRAST,
                                        f"{ink} on {paper}, {scheme}")


class TheScriptLooksThemOver(unittest.TestCase):
    """Each kind of overlap is refused."""

    def setUp(self):
        self.drawing = draw.Drawing(300, 100, "a test")

    def refuses(self, words):
        with self.assertRaisesRegex(draw.Overlap, words):
            self.drawing.svg()

    def test_silent_on_a_good_one(self):
        self.drawing.box(20, 20, 100, 40, ["left"])
        self.drawing.box(180, 20, 100, 40, ["right"])
        self.drawing.arrow([(120, 40), (180, 40)])
        self.assertIn("polyline", self.drawing.svg())

    def test_text_that_leaves_its_box(self):
        with self.assertRaisesRegex(draw.Overlap, "leaves its box"):
            self.drawing.box(20, 20, 60, 40, ["a line that is too long"])

    def test_text_that_leaves_the_page(self):
        self.drawing.text(250, 50, "beyond the edge")
        self.refuses("leaves the page")

    def test_text_over_text(self):
        self.drawing.text(40, 50, "one line")
        self.drawing.text(60, 54, "and another")
        self.refuses("lies over")

    def test_arrow_through_text(self):
        self.drawing.text(100, 50, "in the way")
        self.drawing.arrow([(20, 50), (280, 50)])
        self.refuses("runs through \"in the way\"")

    def test_arrow_through_a_box(self):
        self.drawing.box(100, 20, 60, 60, [])
        self.drawing.arrow([(20, 50), (280, 50)])
        self.refuses("through the box")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
