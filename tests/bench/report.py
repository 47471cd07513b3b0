#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what measure.py measured: the tables of docs/performance.md and README.md, each between its markers,
and the plots.

    python3 tests/bench/report.py docs/performance/figures.json            writes the pages and the plots
    python3 tests/bench/report.py docs/performance/figures.json --print    prints the tables alone"""
import argparse
import json
import pathlib
import re
import sys
import textwrap

import plot

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE, README, PLOTS = TREE / "docs" / "performance.md", TREE / "README.md", TREE / "docs" / "performance"

# row: (heading, aims). An aim is (begin or end of the case, cores, against what, how much): at least so much of the
# "limit", so many times a peer or "one core"; at least a "rate"; at most so many "ms"; at most so many times
# the median for "p99".
ROWS = {
    "ppo-sb3": ("PPO, SB3's settings", [("", 1, "limit", .5), ("", 1, "JAX", 1.9), ("", 1, "torch", 5.8), ("", 1, "SB3", 9),
                                        ("", 2, "one core", 1.5)]),
    "ppo-large": ("PPO, large batch", [("", 1, "limit", .55), ("", 2, "one core", 1.8)]),
    "train": ("default `recrl-train`", [("", 1, "JAX", 5), ("", 2, "JAX", 5)]),
    "a2c": ("A2C, SB3's settings", [("", 1, "JAX", 3), ("", 1, "SB3", 10)]),
    "decide": ("one decision", [("", 1, "limit", 1 / 1.8), ("", 1, "p99", 1.5)]),
    "candidates": ("one decision, a request's list", [("", 1, "limit", .5)]),
    "network": ("one decision, a network over candidates", [("", 1, "limit", .5)]),
    "network-update": ("update of a network over candidates", [("", 1, "limit", .5)]),
    "tower": ("one decision, two-tower", [("", 1, "limit", .8)]),
    "encoder": ("one decision with a history", [("", 1, "limit", .5)]),
    "encoder-update": ("update with an encoder", [("GRU", 1, "limit", .4), ("Transformer", 1, "limit", .5), ("", 1, "torch", 3)]),
    "fold-in": ("a user folded in", [("d = 32, 20", 1, "us", 5)]),
    "softmax": ("step of an exact softmax", [("", 1, "limit", .65), ("100000 ", 1, "torch", 7), ("1000000 ", 1, "torch", 11)]),
    "million": ("a whole update, 10⁶ items", []),
    "topk": ("exact top-100", [("1 query", 1, "limit", 1 / 1.15), ("256 queries", 1, "limit", 1 / 1.6)]),
    "serve": ("serving from snapshots while a trainer publishes", []),
    "load": ("loading a file of ratings", []),
    "env": ("`rr_env` alone, 1024 sessions", [("1000 ", 1, "rate", 1e7), ("1000000 ", 1, "rate", 3e6)]),
    "als": ("ALS, MovieLens-100k", [("", 1, "ms", 120)]),
}
# README's rows: the row and how its case begins.
SHORT = (("candidates", ""), ("train", "100,352 timesteps"), ("softmax", "1000000 items"))
COLUMNS = 100  # of prose
PEER_COLOURS = ("JAX", "torch", "onnxruntime", "SB3", "faiss", "numpy")


def is_time(unit):
    return unit in ("us", "ms", "s")


def figure_text(value, unit):
    digits = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{digits} {'µs' if unit == 'us' else unit}"


def case_text(case):
    """The heading of the row and the case, long numbers in groups of three."""
    text = f"{ROWS[case['row']][0]}, {case['what']}" if case["what"] else ROWS[case["row"]][0]
    return re.sub(r"(?<![\d,])\d{5,}", lambda m: f"{int(m.group()):,}", text)


def gain(case, over):
    """How many times better the figure `case` is than `over`."""
    mine, other = (f.get("ours", f.get("theirs")) for f in (case, over))
    return other / mine if is_time(case["unit"]) else mine / other


class Figures:
    def __init__(self, lines):
        found = [json.loads(line) for line in lines]
        self.run = next((f for f in found if f["row"] == "run"), None)
        self.all = [f for f in found if f["row"] != "run"]
        self.ours = [f for f in self.all if "ours" in f]
        self.theirs = [f for f in self.all if "theirs" in f]

    def cases(self, row):
        """Ours of a row without series: by case, then by cores."""
        found = [f for f in self.ours if f["row"] == row and not f["series"]]
        order = list(dict.fromkeys(f["what"] for f in found))
        return sorted(found, key=lambda f: (order.index(f["what"]), f["threads"]))

    def peers(self, case):
        """[(name, figure, how many times better ours is)], the closest first."""
        found = [f for f in self.theirs if (f["row"], f["what"], f["threads"]) == (case["row"], case["what"], case["threads"])]
        return sorted(((f["peer"], f, gain(case, f)) for f in found), key=lambda x: x[2])

    def on_one_core(self, case):
        """The same case on one core; None where it was not measured."""
        return next((f for f in self.cases(case["row"]) if f["what"] == case["what"] and f["threads"] == 1), None)

    def series(self, row, series, threads=None):
        found = [f for f in self.ours if f["row"] == row and f["series"] == series and threads in (None, f["threads"])]
        return sorted(found, key=lambda f: f["x"])


def aims_text(figures, case):
    """Each aim and whether it is reached."""
    out = []
    for part, threads, against, least in ROWS[case["row"]][1]:
        if not case["what"].startswith(part) and not case["what"].endswith(part) or case["threads"] != threads:
            continue
        if against == "limit":
            out.append((f"{100 * least:.0f} % of the limit", case["share"] >= least))
        elif against == "p99":
            out.append((f"p99 within {least} × the median", case["p99"] <= least * case["ours"]))
        elif against == "one core":
            one = figures.on_one_core(case)
            if one:
                out.append((f"{least} × one core ({gain(case, one):.2f})", gain(case, one) >= least))
        elif against == "rate":
            out.append((f"{figure_text(least, case['unit'])}", case["ours"] >= least))
        elif is_time(against):
            out.append((f"{least} {against}", case["ours"] <= least))
        else:
            ratios = [ratio for name, _, ratio in figures.peers(case) if name.startswith(against)]
            if ratios:
                out.append((f"{least} × {against}", ratios[0] >= least))
    return " · ".join(f"{text}: {'yes' if is_reached else '**no**'}" for text, is_reached in out)


def rows_table(figures):
    out = ["| work | threads | librecrl | of the limit | the limit is | beside it | asked for |", "|---|---|---|---|---|---|---|"]
    for row in ROWS:
        for case in figures.cases(row):
            p99 = f", p99 {figure_text(case['p99'], case['unit'])}" if case.get("p99") else ""
            share = f"{100 * case['share']:.0f} %" if case.get("limit") else ""
            limit = f"{figure_text(case['limit'], case['unit'])}: {case['limit_is']}" if case.get("limit") else ""
            peers = " · ".join(f"{name} {figure_text(f['theirs'], f['unit'])} (**{ratio:.3g} ×**)"
                               for name, f, ratio in figures.peers(case))
            out.append(f"| {case_text(case)} | {case['threads']} | {figure_text(case['ours'], case['unit'])}{p99} "
                       f"| {share} | {limit} | {peers} | {aims_text(figures, case)} |")
    return "\n".join(out)


def run_text(figures):
    """Of which commit the figures are, and how they were come by."""
    if figures.run is None:
        return ""
    run, n_cores = figures.run, figures.run["cores"]
    cores = f"{n_cores} core{'s' * (n_cores > 1)}"
    others = sorted({f.get("commit") or "one that is not known" for f in figures.all} - {run["commit"]})
    if not others:
        return f"All figures and plots are of one run: commit `{run['commit']}`, {run['date']}, {cores}, {run['minutes']:.0f} minutes."
    return (f"The last run: commit `{run['commit']}`, {run['date']}, {cores}. Some rows, marked in the notes, and some points of the "
            f"plots are of an earlier commit ({', '.join(others)}).")


def machine_table(figures):
    limits = [f for f in figures.ours if f["row"] == "limits"]
    if not limits:
        return wrapped(run_text(figures))
    out = [wrapped(run_text(figures)), "", f"CPU *{limits[0]['machine']}*, kernels {limits[0]['kernels']}. A core's limits, probed in the same run:", "",
           "| " + " | ".join(f["what"] for f in limits) + " |", "|" + "---|" * len(limits)]
    return "\n".join([*out, "| " + " | ".join(figure_text(f["ours"], f["unit"]) for f in limits) + " |"]).strip()


def notes_of(figures, case):
    """What the program adds, and another commit than the run's."""
    is_older = figures.run is not None and case.get("commit") != figures.run["commit"]
    older = f"measured at commit {case.get('commit') or 'unknown'}" if is_older else ""
    return "; ".join(text for text in (case.get("note"), older) if text)


def wrapped(text, indent=""):
    """Lines of at most COLUMNS columns."""
    return textwrap.fill(text, COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def notes_list(figures):
    """What there is to say of single figures."""
    return "\n".join(
        wrapped(f"* {case_text(f)}, {f['threads']} thread{'s' * (f['threads'] > 1)}: {notes_of(figures, f)}.", "  ")
        for row in ROWS for f in figures.cases(row) if notes_of(figures, f))


def short_table(figures):
    """README's: three rows on one core, the closest peer."""
    out = ["| work, one core | librecrl | of the machine's limit | closest peer |", "|---|---|---|---|"]
    for row, begin in SHORT:
        for case in figures.cases(row):
            if case["threads"] == 1 and case["what"].startswith(begin):
                share = f"{100 * case['share']:.0f} %" if case.get("limit") else ""
                peer = next((f"{ratio:.2g} × {name}" for name, _, ratio in figures.peers(case)), "–")
                out.append(f"| {case_text(case)} | {figure_text(case['ours'], case['unit'])} | {share} | {peer} |")
    return "\n".join(out)


def between(page, name, text):
    """The page with what stands between <!-- name:begin --> and <!-- name:end --> replaced."""
    pattern = rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)"
    if not re.search(pattern, page, re.S):
        sys.exit(f"report: the page has no markers {name}:begin and {name}:end")
    return re.sub(pattern, lambda m: m.group(1) + text + ("\n" if text else "") + m.group(2), page, flags=re.S)


# ── plots ───────────────────────────────────────────────────────────────────────────────────────────

def panel(figures, title, x_label, row, series, unit, is_log_y=True, name="librecrl"):
    """A panel of one series with its limit; None where it was not measured."""
    points = figures.series(row, series, 1)
    if len(points) < 2:
        return None
    lines = [(name, [(f["x"], f["ours"]) for f in points], False)]
    if all(f.get("limit") for f in points):
        lines.append(("limit", [(f["x"], f["limit"]) for f in points], True))
    ticks = [f["x"] for f in points][::max(1, len(points) // 5 + (len(points) > 6))]
    return plot.Panel(title, x_label, unit, lines, is_log_y, ticks)


def items_plot(figures):
    return [panel(figures, "One decision, two-tower", "items", "tower", "items", "µs"),
            panel(figures, "Exact top-100, one query", "items", "topk", "items", "ms"),
            panel(figures, "Softmax step, 256 rows", "items", "softmax", "items", "ms"),
            panel(figures, "The world alone", "items", "env", "items", "steps/s")]


def sessions_plot(figures):
    return [panel(figures, "Training, 4096 rows an update", "sessions side by side", "train", "sessions", "steps/s", False),
            panel(figures, "The world alone", "sessions side by side", "env", "sessions", "steps/s", False)]


def shapes_plot(figures):
    return [panel(figures, "PPO, 64 × 256 rows, 4 epochs", "minibatch", "ppo-large", "minibatch", "steps/s", False),
            panel(figures, "PPO, 8 × 256 rows, 10 epochs", "hidden width", "ppo-sb3", "hidden", "steps/s")]


def threads_plot(figures):
    groups = []
    for row in ROWS:
        for case in figures.cases(row):
            one = figures.on_one_core(case)
            if case["threads"] == 2 and one:
                times = gain(case, one)
                label = f"{times:.2f} ×: {figure_text(one['ours'], one['unit'])} → {figure_text(case['ours'], case['unit'])}"
                groups.append((case_text(case).replace("`", ""), [("", times, 0, label)]))
    return groups


def peers_plot(figures):
    groups = []
    for row in ROWS:
        for case in figures.cases(row):
            if case["threads"] == 1 and figures.peers(case):
                bars = [(name, ratio, next(i for i, p in enumerate(PEER_COLOURS) if name.startswith(p)), f"{ratio:.3g} ×")
                        for name, _, ratio in figures.peers(case)]
                groups.append((case_text(case).replace("`", ""), bars))
    return groups


def phases_plot(figures):
    found = [f for f in figures.ours if f["row"] == "phases"]
    order = list(dict.fromkeys(f["series"] for f in found))
    names = {row: heading for row, (heading, _) in ROWS.items()}
    return [(names.get(s, s), [(f["what"], max(f["ours"], .01), i, f"{f['ours']:.1f} %")
                               for i, f in enumerate(f for f in found if f["series"] == s)]) for s in order]


def write_plots(figures):
    PLOTS.mkdir(exist_ok=True)
    written = []
    for name, title, panels in (("items", "Growth over items", items_plot(figures)),
                                ("sessions", "Growth over sessions", sessions_plot(figures)),
                                ("shapes", "Minibatch and hidden width", shapes_plot(figures))):
        if any(panels):
            (PLOTS / f"{name}.svg").write_text(plot.panels(title, [p for p in panels if p]), encoding="utf-8")
            written.append(name)
    for name, title, unit, groups, is_log in (
            ("threads", "Two threads against one", "times as fast", threads_plot(figures), False),
            ("peers", "Against the peers, one core each", "times as fast, from 1, logarithmic", peers_plot(figures), True),
            ("phases", "Where the time of training goes", "% of samples", phases_plot(figures), False)):
        if groups:
            (PLOTS / f"{name}.svg").write_text(plot.bars(title, groups, unit, is_log), encoding="utf-8")
            written.append(name)
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=pathlib.Path)
    parser.add_argument("--print", action="store_true", dest="is_print")
    o = parser.parse_args()
    figures = Figures(o.figures.read_text(encoding="utf-8").splitlines())
    tables = {"machine": machine_table(figures), "rows": rows_table(figures), "notes": notes_list(figures)}
    if o.is_print:
        print("\n\n".join(tables.values()))
        return
    page = PAGE.read_text(encoding="utf-8")
    for name, text in tables.items():
        page = between(page, name, text)
    PAGE.write_text(page, encoding="utf-8")
    README.write_text(between(README.read_text(encoding="utf-8"), "performance", short_table(figures)), encoding="utf-8")
    print("written:", PAGE, README, *write_plots(figures))


if __name__ == "__main__":
    main()
