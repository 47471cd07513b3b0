# SPDX-License-Identifier: MIT
"""A feed of examples/feeds in small: its clone agrees with the incumbent, learning changes it, no row
is left out, the same seed prints the same bytes, the picture is whole, and wrong flags are named.

usage: test_feeds.py PROGRAM FEED LEAST_AGREEMENT"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import tier  # noqa: E402

PROGRAM, FEED, LEAST = sys.argv[1], sys.argv[2], float(sys.argv[3])
ARMS = ("random", "greedy", "incumbent", "clone", "clone + PPO", "the same, gamma 0",
        "PPO from nothing", "strongest rule")


def run(*flags):
    return subprocess.run([PROGRAM, FEED, *flags], capture_output=True, text=True)


class TheFeed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.picture = pathlib.Path(cls.folder.name) / "feed.svg"
        # Home ranks 200 a decision, eight times as many as the others.
        cls.small = ("--log", "8000" if FEED == "home" else "16000", "--decisions", "8000",
                     "--judged", "3000" if FEED == "home" else "8000")
        if tier.IS_QUICK:
            cls.small = ("--log", "1000", "--decisions", "1000", "--judged", "3000")
        first = run(*cls.small, "--picture", str(cls.picture))
        if first.returncode != 0:
            raise AssertionError(first.stderr)
        cls.printed = first.stdout
        cls.arms = {arm: float(re.search(rf"^{re.escape(arm)} +(-?[\d.]+)", cls.printed, re.M).group(1))
                    for arm in ARMS}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def figure(self, sentence):
        return [float(v) for v in re.findall(r"-?[\d.]+", re.search(sentence + r"([^\n]*)",
                                                                    self.printed).group(1))]

    @tier.of_the_full_tier
    def test_the_clone_picks_what_the_incumbent_picks(self):
        self.assertGreaterEqual(self.figure("incumbent picks, %:")[0], LEAST)

    @tier.of_the_full_tier
    def test_learning_moves_the_clone(self):
        first, last = self.figure("near it, first seed:")
        self.assertGreater(last, first)
        self.assertNotEqual(self.arms["clone"], self.arms["clone + PPO"])

    def test_no_row_is_left_out_and_returns_are_heard_of(self):
        left_out, heard_later, too_late = self.figure("no update took:")
        self.assertEqual((left_out, too_late), (0, 0))
        if FEED == "home":
            self.assertGreater(heard_later, 5 if tier.IS_QUICK else 100)
        else:
            self.assertEqual(heard_later, 0)

    def test_the_strongest_rule_earns_most(self):
        self.assertEqual(max(self.arms, key=self.arms.get), "strongest rule")

    def test_the_incumbent_is_better_than_chance(self):
        self.assertGreater(self.arms["incumbent"], self.arms["random"])

    @unittest.skipIf(FEED == "home", "takes long; the other two have the same frame")
    def test_one_seed_prints_the_same_bytes(self):
        tiny = ("--log", "2000", "--decisions", "2048", "--judged", "1000")
        self.assertEqual(run(*tiny).stdout, run(*tiny).stdout)

    def test_the_picture_has_a_curve_for_each_learner_and_two_lines(self):
        root = xml.etree.ElementTree.parse(self.picture).getroot()
        self.assertTrue(root.get("aria-label"))
        classes = [path.get("class") for path in root.iter("{http://www.w3.org/2000/svg}path")]
        for name in ("curve l0", "curve l1", "curve l2", "curve rule dashed", "curve rule dotted"):
            self.assertEqual(classes.count(name), 2, f"{name}: once drawn, once in the key")
        self.assertNotIn("nan", self.picture.read_text())

    @unittest.skipIf(FEED == "home", "takes long, and has nothing to do with the feed")
    def test_a_picture_that_cannot_be_written_is_said(self):
        said = run("--log", "1000", "--decisions", "1000", "--judged", "1000",
                   "--picture", "/nowhere/a.svg")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("/nowhere/a.svg could not be written", said.stderr)


class TheFlags(unittest.TestCase):
    def test_are_named_when_they_are_wrong(self):
        for flags, sentence in ((("--seeds", "0"), "--seeds is 0; it must be a whole number in [1, 100]"),
                                (("--log", "many"), "--log is many"),
                                (("--loud", "1"), "there is no flag --loud"),
                                (("--seeds",), "nothing stands behind --seeds")):
            said = run(*flags)
            self.assertNotEqual(said.returncode, 0)
            self.assertIn(sentence, said.stderr)
        said = subprocess.run([PROGRAM, "radio"], capture_output=True, text=True)
        self.assertIn("there is no feed radio", said.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
