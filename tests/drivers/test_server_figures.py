# SPDX-License-Identifier: MIT
"""The figures that the server serves: on this machine alone, every figure of docs/figures.md, in a text that a strict
parser reads, with counters that never fall; and callers who go away, say nothing or ask for something else.

    python3 tests/drivers/test_server_figures.py SERVER TREE"""
import http.client
import math
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

SERVER, TREE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
FLAGS = ["--metrics", "0", "--candidates", "10", "--night", "128", "--rows", "64", "--decisions", "1e6", "--threads", "2",
         "--delay", "10", "--wait", "40", "--measured", "0", "--arms", "2", "--moving", "0.2"]
GROUPS = {"rr_slot_info": "slot", "rr_ledger_counts": "ledger", "rr_stats": "update", "rr_health_report": "health"}
HELP = re.compile(r"# HELP ([a-z_][a-z0-9_]*) ([^\\\n]*)")
TYPE = re.compile(r"# TYPE ([a-z_][a-z0-9_]*) (counter|gauge)")
SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="[^"\\\n]*",?)+)\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)')
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')


def parse(text):
    """{name: (type, {labels: value})}; an assertion where a line is not of the format: each family is HELP, TYPE and
    then its samples, once, and the last line has its end."""
    assert text.endswith("\n"), "the last line has no end"
    families, name, state = {}, None, "sample"
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP"):
            name, words = HELP.fullmatch(line).groups()
            assert state == "sample" and name not in families and words, line
            state = "help"
        elif line.startswith("# TYPE"):
            typed, kind = TYPE.fullmatch(line).groups()
            assert state == "help" and typed == name, line
            assert name.endswith("_total") == (kind == "counter"), line
            families[name] = (kind, {})
            state = "type"
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"not a sample: {line}"
            assert state in ("type", "sample") and match.group(1) == name, line
            labels = tuple(sorted(LABEL.findall(match.group(2) or "")))
            assert labels not in families[name][1], f"twice: {line}"
            families[name][1][labels] = float(match.group(3))
            state = "sample"
    assert state == "sample", "a family without a sample"
    return families


def expected():
    """Every figure of the page, as its family is called."""
    found, group = {}, None
    for line in (TREE / "docs/figures.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("<!-- rr_"):
            group = GROUPS[line.split()[1]]
        match = re.match(r"\| `(\w+)` \| [^|]* \| (\w+) \|", line)
        if match:
            ending = {"counter": "_total", "name": "_info", "gauge": ""}[match.group(2)]
            found[f"recrl_{group}_{match.group(1)}{ending}"] = "counter" if ending == "_total" else "gauge"
    return found


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = subprocess.Popen([SERVER, "--folder", cls.folder.name + "/run", *FLAGS], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        line = cls.server.stderr.readline()
        match = re.fullmatch(r"server: figures at http://127\.0\.0\.1:(\d+)/metrics\n", line)
        assert match, line
        cls.port = int(match.group(1))

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        out, err = cls.server.communicate(timeout=60)
        cls.folder.cleanup()
        assert cls.server.returncode == 0 and "interrupted" in out, (cls.server.returncode, out, err)

    def ask(self, method="GET", path="/metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    def scrape(self):
        answer, body = self.ask()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(int(answer.getheader("Content-Length")), len(body.encode()))
        return parse(body)

    def value(self, families, name):
        """Of the first arm."""
        values = [value for labels, value in families[name][1].items() if dict(labels).get("arm", "0") == "0"]
        self.assertEqual(len(values), 1, name)
        return values[0]

    def test_every_figure_is_there(self):
        found = {name: kind for name, (kind, _) in self.scrape().items()}
        found.pop("recrl_exporter_unanswered_total")
        self.assertEqual(found, expected())

    def test_each_figure_is_there_once_for_each_arm(self):
        for name, (_, samples) in self.scrape().items():
            arms = sorted(dict(labels).get("arm", "") for labels in samples)
            self.assertEqual(arms, [""] if name == "recrl_exporter_unanswered_total" else ["0", "1"], name)

    def test_counters_never_fall_and_move(self):
        before, first = {}, None
        end = time.monotonic() + 60
        while time.monotonic() < end:
            families = self.scrape()
            for name, (kind, samples) in families.items():
                for labels, value in samples.items():
                    if kind == "counter":
                        self.assertGreaterEqual(value, before.get((name, labels), 0.0), name)
                        before[name, labels] = value
            first = first or families
            if self.value(families, "recrl_ledger_trained_total") > self.value(first, "recrl_ledger_trained_total") > 0:
                break
            time.sleep(0.1)
        for name in ("slot_n_acts", "slot_n_rows", "slot_n_swaps", "ledger_recorded", "ledger_trained", "ledger_rewarded",
                     "update_n_updates"):
            self.assertGreater(self.value(families, f"recrl_{name}_total"), self.value(first, f"recrl_{name}_total"), name)
        self.assertEqual(self.value(families, "recrl_slot_n_acts_total"), self.value(families, "recrl_slot_n_rows_total"))
        self.assertEqual(self.value(families, "recrl_slot_n_readers"), 2)
        self.assertTrue(0.0 < self.value(families, "recrl_update_ess") <= 1.0)
        versions = families["recrl_slot_version_info"][1]
        for labels, one in versions.items():
            self.assertRegex(dict(labels)["version"], "^[0-9a-f]{16}$")
            self.assertEqual(one, 1.0)
        self.assertEqual(len({dict(labels)["version"] for labels in versions}), 2, "both arms serve one policy")

    def test_only_this_machine_is_answered(self):
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = [row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == self.port]
        self.assertEqual(listening, [f"0100007F:{self.port:04X}"])
        six = pathlib.Path("/proc/net/tcp6")
        rows = [line.split() for line in six.read_text().splitlines()[1:]] if six.exists() else []
        self.assertEqual([row for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == self.port], [])

    def test_who_asks_for_something_else_is_told_so(self):
        self.assertEqual(self.ask(path="/")[0].status, 404)
        self.assertEqual(self.ask(path="/metrics2")[0].status, 404)
        self.assertEqual(self.ask(method="POST")[0].status, 405)
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as caller:
            caller.sendall(b"what is this?\r\n\r\n")
            self.assertTrue(caller.recv(100).startswith(b"HTTP/1.1 400 "))

    def test_callers_who_go_away_are_counted_and_hold_nobody_up(self):
        name = "recrl_exporter_unanswered_total"
        before = self.value(self.scrape(), name)
        for words in (b"", b"GET /metrics HT", b"x" * 5000):
            caller = socket.create_connection(("127.0.0.1", self.port), timeout=10)
            caller.sendall(words)
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.close()
        silent = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        began = time.monotonic()
        self.assertEqual(self.value(self.scrape(), name), before + 4)
        self.assertLess(time.monotonic() - began, 8.0)
        silent.close()


class Parser(unittest.TestCase):
    """A parser that takes everything proves nothing."""

    def test_refuses_what_is_not_of_the_format(self):
        good = '# HELP a_total of it\n# TYPE a_total counter\na_total{arm="0"} 1\na_total{arm="1"} NaN\n'
        self.assertEqual(list(parse(good)), ["a_total"])
        for old, new in (("1\n", "1"), ("counter", "gauge"), ("counter", "count"), (" 1\n", "\n"), (" 1\n", " nan\n"),
                         ('"1"', '"0"'), ("# HELP a_total of it\n", ""), ("# HELP a_total", "# HELP b_total"),
                         ('arm="0"', "arm=0"), ("a_total{", "b_total{"), ("of it", ""), (" 1\n", " 1.\n0\n")):
            bad = good.replace(old, new, 1) if new != "1" else good[:-1]
            with self.assertRaises((AssertionError, AttributeError), msg=bad):
                parse(bad)
        with self.assertRaises(AssertionError):
            parse(good + good)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
