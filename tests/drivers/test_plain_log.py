# SPDX-License-Identifier: MIT
"""A plain log trains a policy (examples/hosts/plain_log.c): in the log that is drawn it comes to earn more, by the truth and
by the estimate, and its rows are worth less with each pass, until the agent refuses. A part of the Open Bandit Dataset is
read; a file that is none is refused.

    python3 tests/drivers/test_plain_log.py HOST TREE"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HOST, TREE = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
FIXTURES = TREE / "tests/data/fixtures/open_bandit"
PASS = re.compile(r" *(\d+) +(\d+) +(\d+) % +([\d.]+) % \| +([\d.]+) +(\d+) % +([\d.]+) ± ([\d.]+|nan)(?: +([\d.]+))?")


def run(*words):
    return subprocess.run([HOST, *map(str, words)], capture_output=True, text=True, timeout=60)


def passes(text):
    """(pass, rows, worth, capped, weight, worth on the other half, reward, interval, truth) of each."""
    found = [PASS.fullmatch(line) for line in text.splitlines()]
    return [[float(x) if x else None for x in match.groups()] for match in found if match]


class PlainLog(unittest.TestCase):
    def test_a_log_that_is_drawn_is_learned_from_until_it_is_worth_too_little(self):
        done = run()
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = passes(done.stdout)
        logged = float(re.search(r"earned ([\d.]+)", done.stdout).group(1))
        self.assertGreater(len(lines), 5)
        self.assertIn("it must be at least min_ess", done.stdout)
        for name, at in (("learned from", 2), ("judged", 5)):
            worth = [line[at] for line in lines]
            self.assertEqual(worth, sorted(worth, reverse=True), name)
        self.assertTrue(all(line[1] == 4000 for line in lines), "rows were left out")
        self.assertTrue(all(abs(line[4] - 1.0) < 0.05 for line in lines), "a mean weight is not 1")
        self.assertGreater(lines[-1][8], 1.3 * logged)
        self.assertTrue(all(abs(line[6] - line[8]) < 1.5 * line[7] for line in lines), "an estimate is off the truth")

    def test_a_part_of_the_open_bandit_dataset_is_read(self):
        done = run(FIXTURES / "random_men.csv", 3)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("80 rows, 34 items", done.stdout)
        self.assertEqual([line[1] for line in passes(done.stdout)], [40.0, 40.0, 40.0])

    def test_a_log_of_another_policy_is_imitated_first(self):
        """One whose rows are worth too little to an agent that has learned nothing yet."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "log.csv"
            row = ",2019-11-24,{},1,{},{},a,b,c,d\n"
            rows = [row.format(33, i % 2, 0.02) if i % 50 == 0 else row.format(0, i % 3 == 0, 0.98) for i in range(400)]
            path.write_text("header\n" + "".join(rows).replace("True", "1").replace("False", "0"))
            done = run(path, 3)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("so the log is imitated first", done.stdout)
            lines = passes(done.stdout)
            self.assertEqual([line[1] for line in lines], [200.0, 200.0, 200.0])
            self.assertGreater(lines[0][2], 30.0)

    def test_what_is_no_such_log_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "log.csv"
            good = ",2019-11-24,5,1,0,0.03,a,b,c,d\n"
            for line in ("1,2", good.replace(",0.03,", ",0,"), good.replace(",0.03,", ",nan,"), good.replace(",5,1,", ",5,4,"),
                         good.replace(",5,1,", ",80,1,")):
                path.write_text("header\n" + good + line + "\n")
                done = run(path)
                self.assertEqual(done.returncode, 1, line)
                self.assertIn("row 2 has no item", done.stderr)
            path.write_text("")
            self.assertIn("it is empty", run(path).stderr)
            self.assertIn("No such file", run(pathlib.Path(folder) / "none").stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
