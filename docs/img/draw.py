#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The drawings of the documents, as SVG that is legible on a light and on a dark page.

usage: draw.py [FOLDER]      writes them there; beside this file where no folder is given

A drawing is text, boxes and arrows at places that are given. Before it is written, it is looked
over: text that leaves its box or meets other text, and an arrow that runs through text or a box,
are errors. tests/house/test_pictures.py compares what is committed with what is written here."""
import pathlib
import sys
from xml.sax.saxutils import escape

STYLE = """
:root{color-scheme:light dark;--page:#fbfbf9;--ink:#1c1c1a;--faint:#5f5f5a;--rule:#b9b9b2;
--card:#fff;--blue:#1f6fb4;--blue-card:#e8f1f9;--orange:#a94708;--orange-card:#fcefe4;
--green:#117358;--green-card:#e5f4ef}
@media(prefers-color-scheme:dark){:root{--page:#16171a;--ink:#e9e9e4;--faint:#a6a69f;
--rule:#4d5057;--card:#1f2126;--blue:#6db5f2;--blue-card:#17283a;--orange:#f39a4d;
--orange-card:#38240f;--green:#4fc9a4;--green-card:#12322a}}
text{fill:var(--ink);font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;
font-size:13px}
.code{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:12px}
.big{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:15px}
.title{font-weight:600}.small{fill:var(--faint);font-size:11.5px}
.page{fill:var(--page);stroke:var(--rule)}
.behind{fill:var(--page)}
.plain{fill:var(--card);stroke:var(--rule)}.blue{fill:var(--blue-card);stroke:var(--blue)}
.orange{fill:var(--orange-card);stroke:var(--orange)}
.green{fill:var(--green-card);stroke:var(--green)}
.faint{fill:none;stroke:var(--rule);stroke-dasharray:5 4}
.line{fill:none;stroke:var(--faint);stroke-width:1.6}
.line-blue{fill:none;stroke:var(--blue);stroke-width:1.8}
.line-orange{fill:none;stroke:var(--orange);stroke-width:1.8}
.line-green{fill:none;stroke:var(--green);stroke-width:1.8}
.dashed{stroke-dasharray:5 4}
.head{fill:var(--faint)}.head-blue{fill:var(--blue)}.head-orange{fill:var(--orange)}
.head-green{fill:var(--green)}
.ink-blue{fill:var(--blue)}.ink-orange{fill:var(--orange)}.ink-green{fill:var(--green)}
"""
SIZE = {"": 13.0, "title": 13.0, "code": 12.0, "big": 15.0, "small": 11.5}
LINE = 17.0


class Overlap(Exception):
    """Two things of a drawing lie over one another."""


def width_of(text, kind):
    """Of the widest usual font, DejaVu Sans; a monospace letter has 0.602 of its size."""
    if kind in ("code", "big"):
        return 0.602 * SIZE[kind] * len(text)
    ems = 0.0
    for letter in text:
        if letter in "ijl|.,:;'!I()[]/ ":
            ems += 0.38
        elif letter in "mwMW@—…→←":
            ems += 0.93
        elif letter.isupper():
            ems += 0.71
        else:
            ems += 0.61
    return ems * SIZE[kind] * (1.08 if kind == "title" else 1.0)


def meets(a, b):
    """Whether two rectangles (x0, y0, x1, y1) have an area in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def number(x):
    return f"{x:.1f}".removesuffix(".0")


class Drawing:
    """Things at places; `write` looks them over first."""

    def __init__(self, width, height, title):
        self.size, self.title = (width, height), title
        self.parts, self.texts, self.segments, self.boxes = [], [], [], []

    def text(self, x, y, text, kind="", anchor="start", ink=""):
        """y is the middle of the line. `kind`: title, code, big, small."""
        width, size = width_of(text, kind), SIZE[kind]
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        self.texts.append((text, (left, y - size * 0.5, left + width, y + size * 0.5)))
        classes = " ".join(c for c in (kind, ink and f"ink-{ink}") if c)
        attribute = f' class="{classes}"' if classes else ""
        self.parts.append((2, f'<text x="{number(x)}" y="{number(y + size * 0.35)}"{attribute} '
                              f'text-anchor="{anchor}">{escape(text)}</text>'))

    def lines(self, x, y, lines, anchor="middle"):
        """Lines around the middle y; a line is text, or (text, kind)."""
        for i, line in enumerate(lines):
            text, kind = line if isinstance(line, tuple) else (line, "")
            self.text(x, y + (i - (len(lines) - 1) / 2) * LINE, text, kind, anchor)

    def box(self, x, y, width, height, lines, kind="plain"):
        self.boxes.append((x, y, x + width, y + height))
        self.parts.append((1, f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" '
                              f'width="{number(width)}" height="{number(height)}" rx="6"/>'))
        before = len(self.texts)
        self.lines(x + width / 2, y + height / 2, lines)
        for text, place in self.texts[before:]:
            if (place[0] < x + 4 or place[2] > x + width - 4 or place[1] < y
                    or place[3] > y + height):
                raise Overlap(f'{self.title}: "{text}" leaves its box '
                              f'({place[2] - place[0]:.0f} of {width} wide)')

    def frame(self, x, y, width, height):
        """A dashed frame around other things."""
        self.parts.append((0, f'<rect class="faint" x="{number(x)}" y="{number(y)}" '
                              f'width="{number(width)}" height="{number(height)}" rx="8"/>'))

    def shape(self, points, kind):
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.parts.append((1, f'<polygon class="{kind}" points="{path}"/>'))

    def lifeline(self, x, y0, y1):
        """A line that arrows may cross, and that gives way to notes."""
        self.parts.append((0, f'<line class="line dashed" x1="{number(x)}" y1="{number(y0)}" '
                              f'x2="{number(x)}" y2="{number(y1)}"/>'))

    def note(self, x, y, text, kind="small", anchor="middle"):
        """Text with the page's colour behind it."""
        self.text(x, y, text, kind, anchor)
        left, top, right, bottom = self.texts[-1][1]
        self.parts.append((0, f'<rect class="behind" x="{number(left - 3)}" y="{number(top - 1)}" '
                              f'width="{number(right - left + 6)}" '
                              f'height="{number(bottom - top + 2)}"/>'))

    def arrow(self, points, ink="", is_dashed=False, has_head=True):
        """Along points, straight from each to the next; the head lies at the last."""
        tail = f"-{ink}" if ink else ""
        (x0, y0), (x1, y1) = points[-2:]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        stop = (x1 - 7 * ux, y1 - 7 * uy) if has_head else (x1, y1)
        shown = [*points[:-1], stop]
        path = " ".join(f"{number(x)},{number(y)}" for x, y in shown)
        dashed = " dashed" if is_dashed else ""
        self.parts.append((1, f'<polyline class="line{tail}{dashed}" points="{path}"/>'))
        if has_head:
            base = (x1 - 9 * ux, y1 - 9 * uy)
            corners = [(x1, y1), (base[0] - 4.5 * uy, base[1] + 4.5 * ux),
                       (base[0] + 4.5 * uy, base[1] - 4.5 * ux)]
            path = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
            self.parts.append((1, f'<polygon class="head{tail}" points="{path}"/>'))
        self.segments += list(zip(points[:-1], points[1:]))

    def look_over(self):
        width, height = self.size
        for i, (text, place) in enumerate(self.texts):
            if place[0] < 6 or place[1] < 4 or place[2] > width - 6 or place[3] > height - 4:
                raise Overlap(f'{self.title}: "{text}" leaves the page')
            for other, there in self.texts[:i]:
                if meets(place, there):
                    raise Overlap(f'{self.title}: "{text}" lies over "{other}"')
            for (x0, y0), (x1, y1) in self.segments:
                if crosses((x0, y0), (x1, y1), place):
                    raise Overlap(f'{self.title}: an arrow runs through "{text}"')
        for (x0, y0), (x1, y1) in self.segments:
            for box in self.boxes:
                inner = (box[0] + 2, box[1] + 2, box[2] - 2, box[3] - 2)
                if crosses((x0, y0), (x1, y1), inner):
                    raise Overlap(f"{self.title}: an arrow runs through the box at "
                                  f"{box[0]:.0f}, {box[1]:.0f}")

    def svg(self):
        self.look_over()
        width, height = self.size
        body = "\n".join(part for layer in (0, 1, 2) for at, part in self.parts if at == layer)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(self.title)}">'
                f"<style>{STYLE}</style>\n"
                f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" '
                f'rx="8"/>\n{body}\n</svg>\n')


def crosses(a, b, box, n=200):
    """Whether the line from a to b comes into a rectangle: looked at in n places."""
    return any(box[0] < a[0] + (b[0] - a[0]) * i / n < box[2]
               and box[1] < a[1] + (b[1] - a[1]) * i / n < box[3] for i in range(n + 1))


# ── what is drawn ──


def server_loop():
    d = Drawing(780, 330, "How a server learns from what it shows")
    d.frame(16, 16, 748, 128)
    d.text(30, 32, "while serving: microseconds a request, any number of threads", "small")
    d.frame(16, 186, 748, 128)
    d.text(30, 300, "at night, or every few minutes: one trainer, beside the server or in it", "small")
    d.box(30, 56, 140, 64, [("request", "title"), "user, candidates", "with features"])
    d.box(218, 56, 152, 64, [("rr_reader_act", "code"), "draws a candidate", "and knows log π"],
          "blue")
    d.box(418, 56, 140, 64, [("user", "title"), "watches, clicks,", "skips, leaves"])
    d.box(606, 56, 144, 64, [("your log", "title"), ("rr_record_encode", "code"),
                             ("rr_outcome_encode", "code")])
    d.arrow([(170, 88), (218, 88)])
    d.arrow([(370, 88), (418, 88)])
    d.arrow([(558, 88), (606, 88)])
    d.box(606, 206, 144, 64, [("rr_ledger_import", "code"), "rows, rewards and", "ends of sessions"],
          "green")
    d.box(402, 206, 172, 64, [("rr_agent_update", "code"), ("_sessions", "code"),
                              "PPO, A2C, REINFORCE"], "green")
    d.box(218, 206, 152, 64, [("rr_slot_publish", "code"), "a snapshot; no", "reader waits"], "green")
    d.arrow([(678, 120), (678, 206)], "green")
    d.arrow([(606, 238), (574, 238)], "green")
    d.arrow([(402, 238), (370, 238)], "green")
    d.arrow([(294, 206), (294, 120)], "green")
    d.text(306, 165, "the next request is drawn from the new policy", "small")
    d.box(30, 206, 140, 64, [("rr_slot_swap", "code"), "yesterday's policy", "is back at once"])
    d.arrow([(170, 238), (194, 238), (194, 165), (270, 165), (270, 120)], is_dashed=True)
    return d


def funnel():
    d = Drawing(780, 330, "The funnel behind a feed")
    d.text(24, 26, "each stage looks at fewer items with a more expensive model", "small")
    heights = [196, 156, 112, 72, 40]
    lefts = [24, 176, 328, 480, 632]
    names = [[("catalogue", "title"), "10⁶ … 10⁹ items"],
             [("retrieval", "title"), "vectors, follows,", "fresh, nearby"],
             [("light ranking", "title"), "a cheap model"],
             [("heavy ranking", "title"), "P(reaction k)"]]
    middle = 146
    for i in range(4):
        x0, x1 = lefts[i], lefts[i] + 124
        h0, h1 = heights[i] / 2, (heights[i] + heights[i + 1]) / 4
        d.shape([(x0, middle - h0), (x1, middle - h1), (x1, middle + h1), (x0, middle + h0)], "plain")
        d.lines((x0 + x1) / 2, middle, names[i])
        d.arrow([(x1 + 2, middle), (lefts[i + 1] - 2, middle)])
    d.box(632, middle - 34, 124, 68, [("the page", "title"), "variety, rules,", "exclusions"])
    for x, count in zip(lefts[1:], ("1000s", "500", "100", "10")):
        d.text(x - 14, middle - 16, count, "small", "middle")
    d.box(480, 216, 276, 48, [("librecrl: which candidate is shown", "title"),
                              "a draw with a known probability"], "blue")
    d.arrow([(618, 216), (618, 152)], "blue")
    d.box(24, 276, 300, 40, ["watched, liked, skipped, hidden: the log"], "green")
    d.arrow([(768, 146), (768, 296), (324, 296)], "green")
    d.arrow([(756, 146), (768, 146)], "green", has_head=False)
    d.arrow([(86, 276), (86, 234)], "green")
    d.text(98, 258, "trains tomorrow's models", "small")
    return d


def mdp_loop():
    d = Drawing(780, 320, "A feed as a Markov decision process")
    d.box(30, 100, 200, 96, [("the policy", "title"), ("π(a|s)", "code"), ("rr_reader_act", "code"),
                             ("rr_agent_act", "code")], "blue")
    d.box(550, 100, 206, 96, [("the user, the catalogue", "title"), "what comes of a in s:",
                              ("P(s′, r | s, a)", "code"), "unknown, and not needed"], "plain")
    d.arrow([(130, 100), (130, 50), (650, 50), (650, 100)], "blue")
    d.text(390, 36, "action a: one of the candidates is shown", "", "middle", "blue")
    d.text(390, 66, "rr_decision.actions, log_probs", "code", "middle")
    d.arrow([(550, 124), (230, 124)])
    d.text(390, 110, "state s, candidates of the next request", "", "middle")
    d.text(390, 140, "rr_obs.states, candidates, features", "code", "middle")
    d.arrow([(550, 178), (230, 178)], "orange")
    d.text(390, 164, "reward r, seconds or days later", "", "middle", "orange")
    d.text(390, 194, "rr_outcome.rewards, terminated", "code", "middle")
    d.box(550, 232, 206, 66, [("hidden", "title"), "energy, mood, another",
                              "app: not in s (POMDP)"], "faint")
    d.arrow([(650, 232), (650, 196)], is_dashed=True)
    d.box(30, 232, 430, 66, [("what is maximised", "title"),
                             ("E[ r₀ + γ r₁ + γ² r₂ + … ]", "code"),
                             "over sessions; γ says how much later rewards count"], "green")
    d.arrow([(130, 232), (130, 196)], "green")
    return d


def network():
    d = Drawing(780, 400, "The two-tower policy and its critic")
    d.box(24, 96, 92, 60, [("state s", "title"), ("[S]", "code")])
    d.box(166, 52, 150, 52, [("MLP", "title"), ("tanh, [S → d]", "code")], "blue")
    d.box(166, 148, 150, 52, [("W_skip", "title"), ("linear, [S → d]", "code")], "blue")
    d.arrow([(116, 112), (140, 112), (140, 78), (166, 78)])
    d.arrow([(116, 140), (140, 140), (140, 174), (166, 174)])
    d.box(372, 96, 104, 60, [("query q", "title"), ("[d]", "code")], "blue")
    d.arrow([(316, 78), (346, 78), (346, 112), (372, 112)])
    d.text(331, 62, "× c", "code", "middle")
    d.arrow([(316, 174), (346, 174), (346, 140), (372, 140)])
    d.text(424, 84, "the sum of both", "small", "middle")
    d.box(372, 202, 104, 60, [("item v_i", "title"), ("[d]", "code")], "orange")
    d.box(532, 96, 112, 60, [("logit z_i", "title"), "of candidate i"], "blue")
    d.arrow([(476, 126), (532, 126)])
    d.text(504, 110, "τ q·v_i", "small", "middle")
    d.arrow([(476, 232), (504, 232), (504, 146), (532, 146)], "orange")
    d.box(700, 96, 60, 60, [("π", "title"), "Σ = 1"], "blue")
    d.arrow([(644, 126), (700, 126)])
    d.text(672, 110, "softmax", "small", "middle")
    d.box(532, 196, 228, 68, ["w·f_i: the item's features", "b_i: everybody's favourite",
                              "κ count_i: shown before"], "orange")
    d.arrow([(588, 196), (588, 156)], "orange")
    d.box(166, 284, 150, 52, [("critic", "title"), ("MLP, [S → 1]", "code")], "green")
    d.arrow([(70, 156), (70, 310), (166, 310)], "green")
    d.box(372, 284, 104, 52, [("V(s)", "title"), "a number"], "green")
    d.arrow([(316, 310), (372, 310)], "green")
    d.text(496, 302, "no weight is shared with the actor:", "small")
    d.text(496, 319, "a wrong value cannot bend a query", "small")
    d.text(70, 370, "q = W_skip s + c MLP(s)", "code")
    d.text(372, 370, "z_i = τ q·v_i + w·f_i + b_i − κ count_i", "code")
    return d


def update_flow():
    d = Drawing(780, 452, "One minibatch: forward, the loss, backward, the step")
    d.text(24, 24, "forward", "title", ink="blue")
    xs, w = [24, 150, 276, 402, 528, 654], 102
    forward = [[("obs", "title"), "and a list"], [("query", "title"), ("q", "code")],
               [("logits", "title"), ("z_i", "code")], [("log π(a)", "title"), "softmax"],
               [("ratio", "title"), ("ρ = π/π_old", "code")], [("clip", "title"), ("min(ρÂ, ·)", "code")]]
    for x, lines in zip(xs, forward):
        d.box(x, 40, w, 50, lines, "blue")
    for x, after in zip(xs, xs[1:]):
        d.arrow([(x + w, 65), (after, 65)], "blue")
    d.box(528, 130, 102, 50, [("A2C", "title"), ("−Â log π(a)", "code")], "blue")
    d.arrow([(504, 78), (516, 78), (516, 155), (528, 155)], "blue", is_dashed=True)
    d.box(654, 130, 102, 50, [("the loss", "title"), "mean of n"], "orange")
    d.arrow([(705, 90), (705, 130)], "blue")
    d.arrow([(630, 155), (654, 155)], "blue", is_dashed=True)
    d.box(276, 130, 190, 50, [("advantage Â, return R", "title"), "GAE, before the epochs"], "green")
    d.arrow([(466, 144), (490, 144), (490, 112), (680, 112), (680, 90)], "green")
    d.text(24, 216, "backward", "title", ink="orange")
    d.box(654, 232, 102, 62, [("g", "code"), "0 if clipped"], "orange")
    d.box(462, 232, 160, 62, [("dz_i", "code"), "g (1[i=a] − p_i)", "− e p_i (log p_i + H)"],
          "orange")
    d.box(288, 232, 142, 62, [("dq, d log τ", "code"), ("dκ, dw", "code"), ("dv_i, db_i", "code")],
          "orange")
    d.box(118, 232, 138, 62, [("dW_skip = dq sᵀ", "code"), ("dMLP = c dq", "code"), "tanh′, layers"],
          "orange")
    d.arrow([(705, 180), (705, 232)], "orange")
    d.arrow([(654, 263), (622, 263)], "orange")
    d.arrow([(462, 263), (430, 263)], "orange")
    d.arrow([(288, 263), (256, 263)], "orange")
    d.text(24, 316, "critic", "title", ink="green")
    d.box(24, 332, 102, 50, [("state", "title"), ("s", "code")], "green")
    d.box(166, 332, 110, 50, [("value", "title"), ("V(s)", "code")], "green")
    d.box(316, 332, 140, 50, [("value loss", "title"), ("½ (V − R)²", "code")], "green")
    d.box(496, 332, 118, 50, [("dV", "code"), ("c_V (V − R)/n", "code")], "orange")
    d.arrow([(126, 357), (166, 357)], "green")
    d.arrow([(276, 357), (316, 357)], "green")
    d.arrow([(456, 357), (496, 357)], "orange")
    d.box(118, 404, 496, 34, ["one flat gradient → its norm is clipped → Adam or RMSProp → θ"], "plain")
    d.arrow([(555, 382), (555, 404)], "orange")
    d.arrow([(118, 263), (12, 263), (12, 421), (118, 421)], "orange")
    d.text(640, 412, "the same θ for", "small")
    d.text(640, 428, "the next minibatch", "small")
    return d


def row_states():
    d = Drawing(780, 330, "The states of a row in a ledger")
    y, h = 96, 60
    d.box(36, y, 128, h, [("open", "title"), "session goes on"], "blue")
    d.box(244, y, 128, h, [("waiting", "title"), "rewards come"], "orange")
    d.box(452, y, 128, h, [("ready", "title"), "all is known"], "green")
    d.box(660, y, 92, h, [("trained", "title"), "and gone"], "green")
    d.arrow([(100, 50), (100, 96)])
    d.text(112, 58, "rr_ledger_record", "code")
    d.text(112, 75, "or _import", "code")
    d.arrow([(164, 126), (244, 126)])
    d.text(204, 110, "the end", "small", "middle")
    d.arrow([(372, 126), (452, 126)])
    d.text(412, 110, "wait over", "small", "middle")
    d.arrow([(580, 126), (660, 126)])
    d.text(620, 110, "update", "small", "middle")
    for x, lines in (
            (36, ("rr_ledger_reward adds up,", "in any order, while it is", "open or waiting")),
            (244, ("rr_ledger_end, a terminated", "outcome, or no request for", "idle_timeout")),
            (474, ("rr_ledger_settle moves the clock;", "past reward_wait all rows of",
                   "a session are ready at once"))):
        for i, line in enumerate(lines):
            d.text(x, 186 + 16 * i, line, "small")
    d.box(36, 250, 716, 64, [
        "no row: duplicate, the second of an id.   no reward: unknown, of no row; late, after the wait",
        "gone: dropped, the last row of a cut session; rejected, a session with RR_E_SKEW",
        "nothing of this is silent: each has its count in rr_ledger_counts"], "faint")
    d.box(580, 20, 172, 40, ["fewer than min_rows:", "they stay ready"], "faint")
    d.arrow([(580, 40), (516, 40), (516, 96)], is_dashed=True)
    return d


def server_day():
    d = Drawing(780, 500, "A server's day")
    xs = {"user": 76, "server": 238, "log": 400, "trainer": 556, "slot": 704}
    names = {"user": ("user", "plain"), "server": ("server thread", "blue"),
             "log": ("your log", "plain"), "trainer": ("trainer", "green"), "slot": ("slot", "blue")}
    for key, x in xs.items():
        name, kind = names[key]
        d.box(x - 60, 16, 120, 30, [(name, "title")], kind)
        d.lifeline(x, 46, 484)

    def step(y, a, b, said, ink="", kind="small"):
        d.arrow([(xs[a], y), (xs[b], y)], ink)
        d.note((xs[a] + xs[b]) / 2, y - 12, said, kind)

    step(86, "user", "server", "request, 8:14")
    step(116, "slot", "server", "rr_reader_act: the policy that is present; nobody waits", "blue")
    step(146, "server", "log", "rr_record_encode")
    step(176, "server", "user", "item a, p = 0.31")
    step(206, "user", "log", "click, 8:15: rr_outcome_encode")
    step(236, "user", "log", "gone, 8:40: rr_ending_encode")
    d.note(94, 284, "at night, or every", "small", "start")
    d.note(94, 300, "few minutes:", "small", "start")
    step(292, "log", "trainer", "rr_ledger_import", "green")
    d.box(478, 308, 156, 34, [("rr_ledger_settle", "code")], "green")
    d.note(466, 318, "rewards are final,", "small", "end")
    d.note(466, 334, "idle sessions end", "small", "end")
    d.box(478, 356, 156, 46, [("rr_agent_update", "code"), ("_sessions", "code")], "green")
    d.note(466, 370, "minibatches,", "small", "end")
    d.note(466, 386, "several epochs", "small", "end")
    step(432, "trainer", "slot", "rr_slot_publish", "green", "small")
    d.note(94, 424, "tomorrow's requests are", "small", "start")
    d.note(94, 440, "drawn from the new one", "small", "start")
    d.box(618, 452, 150, 28, [("rr_slot_swap", "code")], "orange")
    d.note(606, 466, "a bad morning: yesterday's policy is back", "small", "end")
    return d


def extensions():
    d = Drawing(780, 322, "Where each extension enters a decision")
    d.box(16, 20, 150, 64, [("history", "title"), "items shown,", "what they earned"])
    d.box(206, 20, 160, 64, [("encoder, fold-in", "title"), "mean, GRU,", "Transformer, û"], "blue")
    d.box(16, 112, 150, 48, [("state", "title"), "of the host"])
    d.box(206, 112, 160, 48, [("query q(s)", "title")])
    d.box(16, 188, 150, 48, [("catalogue", "title"), "vectors, features"])
    d.box(206, 188, 160, 48, [("tower", "title"), "v + c T(g)"], "blue")
    d.box(16, 258, 150, 48, [("candidates", "title"), "features, vectors"])
    d.box(206, 258, 160, 48, [("a network", "title"), "of each candidate"], "blue")
    d.box(424, 112, 150, 124, [("score of an item", "title"), "z = τ q·v + y", "+ b − κ count",
                               "+ τ β e"])
    d.box(424, 20, 150, 64, [("counts", "title"), "β/√(1 + n) in b"], "blue")
    d.box(624, 112, 140, 56, [("softmax", "title"), "temperature"])
    d.box(624, 190, 140, 64, [("mixture", "title"), "incumbent, floor", "within a budget"], "blue")
    d.arrow([(166, 52), (206, 52)])
    d.arrow([(286, 84), (286, 112)])
    d.arrow([(166, 136), (206, 136)])
    d.arrow([(166, 212), (206, 212)])
    d.arrow([(166, 282), (206, 282)])
    d.arrow([(366, 136), (424, 136)])
    d.arrow([(366, 212), (424, 212)])
    d.arrow([(366, 282), (499, 282), (499, 236)])
    d.arrow([(499, 84), (499, 112)])
    d.arrow([(574, 140), (624, 140)])
    d.arrow([(694, 168), (694, 190)])
    return d


DRAWINGS = {"extensions": extensions, "funnel": funnel, "mdp_loop": mdp_loop, "network": network,
            "row_states": row_states, "server_day": server_day, "server_loop": server_loop,
            "update_flow": update_flow}


def write_all(folder):
    for name, draw in sorted(DRAWINGS.items()):
        (pathlib.Path(folder) / f"{name}.svg").write_text(draw().svg(), encoding="utf-8")


if __name__ == "__main__":
    write_all(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
