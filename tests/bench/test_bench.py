# SPDX-License-Identifier: MIT
"""What the benchmarks' Python decides: what is better, what is red, what a page receives."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import beside
import measure
import phases
import plot
import report
import suite
import tier
import tripwire


def figure(**more):
    return dict(row="ppo-sb3", what="minibatch 64", series=None, x=0, threads=1, unit="steps/s", ours=50.0, limit=100.0,
                share=0.5, p99=0, limit_is="FLOP / P", note=None, machine="a CPU", kernels="avx2, blis") | more


class TheTripwire(unittest.TestCase):
    FIGURES = {("gcc-12", "update"): 1000}

    def judge(self, counted, compiler="gcc-12"):
        return tripwire.judge("update", counted, self.FIGURES, compiler)[1]

    def test_five_percent_either_way_is_allowed_and_six_is_not(self):
        self.assertEqual([self.judge(n) for n in (940, 951, 1000, 1049, 1060)], [False, True, True, True, False])

    def test_another_version_of_the_compiler_is_compared_loosely(self):
        self.assertEqual([self.judge(n, "gcc-13") for n in (700, 1200, 1300)], [False, True, False])

    def test_a_compiler_without_figure_fails(self):
        self.assertFalse(self.judge(1000, "clang-14"))
        self.assertFalse(self.judge(1000, "gcc-12-own"))

    def test_the_committed_file_has_every_case(self):
        figures = tripwire.read_figures(tripwire.FIGURES.read_text(encoding="utf-8"))
        self.assertEqual({case for _, case in figures}, set(tripwire.CASES))


class TheBest(unittest.TestCase):
    def best(self, *figures):
        found = {}
        for f in figures:
            measure.keep_best(found, f)
        return list(found.values())

    def test_of_rates_the_highest_and_the_highest_limit(self):
        kept, = self.best(figure(), figure(ours=60.0, limit=90.0), figure(ours=40.0, limit=120.0))
        self.assertEqual((kept["ours"], kept["limit"], kept["share"]), (60.0, 120.0, 0.5))

    def test_of_times_the_shortest(self):
        kept, = self.best(*(figure(unit="us", ours=x, limit=y) for x, y in ((5.0, 3.0), (4.0, 2.0), (6.0, 2.5))))
        self.assertEqual((kept["ours"], kept["limit"], kept["share"]), (4.0, 2.0, 0.5))

    def test_cores_cases_and_peers_stay_apart(self):
        self.assertEqual(len(self.best(figure(), figure(threads=2), figure(what="other"), figure(series="items", x=10))), 4)


class TheRun(unittest.TestCase):
    KNOWN = [figure(measured_for="run", row="run", threads=0), figure(measured_for="topk", threads=1), figure(measured_for="topk", threads=2),
             figure(measured_for="serve", threads=8), figure(measured_for="a2c", threads=1),
             dict(row="a2c", theirs=1.0, measured_for="a2c", threads=1)]

    def kept(self, rows, **options):
        options = dict(has_all_cores=True, cores=[1, 2], peers="python3") | options
        found = measure.kept(argparse.Namespace(**options), rows, self.KNOWN)
        return [(f["measured_for"], f["threads"]) for f in found]

    def test_a_run_of_all_rows_keeps_nothing(self):
        self.assertEqual(self.kept(list(measure.ROWS)), [])

    def test_a_run_of_some_rows_keeps_the_others_and_of_one_core_the_other_core(self):
        self.assertEqual(self.kept(["topk", "serve"]), [("a2c", 1), ("a2c", 1)])
        self.assertEqual(self.kept(["topk"], cores=[1], has_all_cores=False), [("topk", 2), ("serve", 8), ("a2c", 1), ("a2c", 1)])

    def test_without_peers_none_of_theirs_stays(self):
        self.assertEqual(self.kept(["topk"], peers=""), [("serve", 8), ("a2c", 1)])

    def test_the_first_round_is_complete_and_later_ones_end_in_time(self):
        calls = []
        options = argparse.Namespace(rounds=3, minutes=0.0, cores=[1], commit="abc")
        with unittest.mock.patch.object(measure, "run", lambda o, words, threads: calls.append(words) or [figure(threads=threads)]):
            best, _ = measure.measure(options, ["limits", "env", "million"])
        self.assertEqual(len(calls), 5)
        self.assertEqual({f["commit"] for f in best}, {"abc"})
        options.minutes = 60.0
        with unittest.mock.patch.object(measure, "run", lambda o, words, threads: calls.append(words) or []):
            measure.measure(options, ["limits", "million"])
        self.assertEqual(calls[5:], ["bench_limits", "1x bench_million", "bench_limits", "bench_limits"])


class ThePage(unittest.TestCase):
    def setUp(self):
        peers = [dict(row="ppo-sb3", peer=name, what="minibatch 64", threads=1, unit="steps/s", theirs=theirs)
                 for name, theirs in (("SB3 2", 5.0), ("JAX 0", 40.0))]
        series = [figure(series="hidden", x=x, ours=1e3 / x, limit=2e3 / x) for x in (32, 64, 128)]
        lines = [figure(), figure(threads=2, ours=80.0, limit=200.0, share=0.4), *peers, *series]
        self.figures = report.Figures([json.dumps(line) for line in lines])

    def test_the_closest_peer_comes_first(self):
        self.assertEqual([(name, round(ratio, 2)) for name, _, ratio in self.figures.peers(figure())], [("JAX 0", 1.25), ("SB3 2", 10)])
        slower, = [ratio for _, _, ratio in self.figures.peers(figure(unit="s"))][1:]
        self.assertEqual(slower, 0.8)

    def test_what_was_asked_for_is_said_to_be_reached_or_not(self):
        one, two = self.figures.cases("ppo-sb3")
        self.assertIn("50 % of the limit: yes", report.aims_text(self.figures, one))
        self.assertIn("1.9 × JAX: **no**", report.aims_text(self.figures, one))
        self.assertEqual(report.aims_text(self.figures, two), "1.5 × one core (1.60): yes")

    def test_one_run_is_told_as_one_and_an_older_figure_by_its_commit(self):
        run = dict(row="run", commit="abc", date="2026-01-01", cores=2, minutes=17.6, measured_for="run", threads=0)

        def page(*lines):
            return report.Figures([json.dumps(line) for line in (run, *lines)])
        whole = page(figure(commit="abc"))
        self.assertIn("one run: commit `abc`, 2026-01-01, 2 cores, 18 minutes", report.run_text(whole))
        self.assertEqual(report.notes_list(whole), "")
        mixed = page(figure(commit="abc", note="said"), figure(threads=2, commit="old"), figure(what="other"))
        self.assertIn("earlier commit (old, one that is not known)", report.run_text(mixed))
        self.assertEqual([line.rsplit(": ", 1)[1] for line in report.notes_list(mixed).splitlines() if ": " in line],
                         ["said.", "measured at commit old.", "measured at commit unknown."])

    def test_every_row_that_is_measured_has_a_place_on_the_page(self):
        self.assertEqual(set(measure.ROWS) - set(report.ROWS), {"limits", "shapes", "growth", "phases"})

    def test_only_what_is_between_the_markers_changes(self):
        page = "a\n<!-- rows:begin -->\nold\n<!-- rows:end -->\nb"
        self.assertEqual(report.between(page, "rows", "new"), "a\n<!-- rows:begin -->\nnew\n<!-- rows:end -->\nb")
        self.assertRaises(SystemExit, report.between, page, "machine", "new")

    def test_every_table_and_plot_is_made_of_these_figures(self):
        self.assertEqual(report.rows_table(self.figures).count("\n"), 3)
        for svg in (plot.panels("t", [p for p in report.shapes_plot(self.figures) if p]),
                    plot.bars("t", report.peers_plot(self.figures), "u", True), plot.bars("t", report.threads_plot(self.figures), "u")):
            root = xml.etree.ElementTree.fromstring(svg)
            self.assertTrue(any(e.tag.endswith(("polyline", "rect")) for e in root))
            self.assertNotIn("nan", svg)


    def test_the_front_page_has_the_chosen_rows_on_one_core(self):
        lines = [figure(), figure(row="candidates", what="300 of 10000 items"), figure(row="train", what="100,352 timesteps"),
                 figure(row="train", what="100,352 timesteps", threads=2), figure(row="train", what="until a rollout"),
                 dict(row="train", peer="JAX 0", what="100,352 timesteps", threads=1, unit="steps/s", theirs=40.0)]
        table = report.short_table(report.Figures([json.dumps(line) for line in lines])).splitlines()
        self.assertEqual(table[2:], ["| one decision, a request's list, 300 of 10,000 items | 50 steps/s | 50 % | – |",
                                     "| default `recrl-train`, 100,352 timesteps | 50 steps/s | 50 % | 1.2 × JAX 0 |"])

    def test_notes_and_the_account_of_the_run_are_wrapped(self):
        note = report.notes_list(report.Figures([json.dumps(figure(note="word " * 60))]))
        self.assertGreater(note.count("\n"), 1)
        self.assertLessEqual(max(map(len, note.splitlines())), 100)


class TwoBuilds(unittest.TestCase):
    def test_stand_beside_one_another_against_the_better_limit(self):
        def of(ours, limit, unit):
            best = {}
            measure.keep_best(best, figure(ours=ours, limit=limit, unit=unit, what="w"))
            return best
        self.assertIn("| w | 10 us | 8 us | 40 % | 50 % |", beside.table(of(10, 5, "us"), of(8, 4, "us")))
        self.assertIn("| w | 8 steps/s | 10 steps/s | 40 % | 50 % |",
                      beside.table(of(8, 20, "steps/s"), of(10, 16, "steps/s")))

    def test_a_row_of_one_build_alone_is_left_out(self):
        best = {}
        measure.keep_best(best, figure())
        self.assertEqual(beside.table({}, best).count("\n"), 1)


class TheScript(unittest.TestCase):
    @tier.of_the_full_tier
    @unittest.skipUnless(shutil.which("meson"), "no meson")
    def test_sets_up_on_a_machine_without_libcheck(self):
        here = pathlib.Path(__file__).parent
        words = re.search(r'meson setup "\$build" (.*)', (here / "run.sh").read_text(encoding="utf-8")).group(1)
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["meson", "setup", folder, *words.split()], cwd=here.parent.parent, text=True,
                                  capture_output=True, env={**os.environ, "PKG_CONFIG_LIBDIR": folder})
            self.assertEqual(done.returncode, 0, done.stdout)
            targets = subprocess.run(["meson", "introspect", "--targets", folder], text=True, capture_output=True)
            self.assertIn("bench_topk", {target["name"] for target in json.loads(targets.stdout)})


class ThePhases(unittest.TestCase):
    def test_every_file_of_the_library_has_its_part(self):
        rooms = phases.file_rooms()
        self.assertEqual(phases.part_of("gemm", rooms), "matrix products")
        self.assertEqual(phases.part_of("descent", rooms), phases.part_of("reduce", rooms))
        self.assertEqual(phases.part_of("malloc", rooms), "the rest (libc, kernel)")

    def test_a_hidden_function_tells_its_file_by_name(self):
        self.assertEqual(phases.stem_of("rri_gemm_packed", "", phases.file_rooms()), "gemm")
        self.assertEqual(phases.stem_of("sweep", "adam", phases.file_rooms()), "adam")


class Suite(unittest.TestCase):
    def test_fields_of_a_world_stand_behind_those_of_all_and_win(self):
        given = suite.arguments("a2c", "tiring", 7, suite.fields("preset", "a2c", "tiring"))
        self.assertEqual(given[:3], ["a2c", "7", "200000"])
        self.assertEqual([f for f in given if f.startswith("env.n_envs")], ["env.n_envs=8", "env.n_envs=16"])
        self.assertGreater(given.index("algo.gamma=0.98"), given.index("algo.gamma=0.5"))
        self.assertIn("agent.planned_updates=2500", given)  # 200,000 over 16 × 5

    def test_the_yardstick_plays_without_an_agent_and_in_the_unit_of_the_world(self):
        self.assertEqual(suite.arguments("none", "rewards x 100", 7, ""), ["none", "7", "0"])
        self.assertEqual(suite.arguments("none", "dense, 50 items", 7, ""), ["none", "7", "0", "env.num_items=50"])

    def test_rows_are_shares_of_the_best_settings_of_their_world_worst_first(self):
        def runs(*worths):
            return [{"worth": w, "safe_kl": 0.1 * w, "entropy": 5 - w} for w in worths]
        figures = {("ppo", "tiring", "a"): runs(4, 2), ("ppo", "tiring", "b"): runs(1, 2),
                   ("ppo", "synthetic", "a"): runs(2, 2), ("ppo", "synthetic", "b"): runs(4, 4)}
        yardsticks = {w: [{"best": 4, "random": 1}] * 2 for w in ("tiring", "synthetic")}
        rows = suite.rows_of("ppo", ["tiring", "synthetic"], ["a", "b"], figures, yardsticks)
        self.assertEqual([row[1:4] for row in rows[:2]], [("tiring", "b", 0.375), ("synthetic", "a", 0.5)])
        self.assertEqual([row[0] for row in rows], [0.5, 0.5, 1.0, 1.0])
        self.assertEqual(rows[2], (1.0, "tiring", "a", 0.75, 0.5, 0.4, 1))

    def test_clicks_are_a_share_of_the_way_from_random(self):
        self.assertAlmostEqual(suite.share("clicks, 1 %", {"worth": 0.02}, {"best": 0.11, "random": 0.01}), 0.1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
