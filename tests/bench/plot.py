# SPDX-License-Identifier: MIT
"""Figures as SVG, by hand: panels of lines over a logarithmic abscissa, and horizontal bars. They carry both
a light and a dark set of colours and take the one that the reader's system asks for."""
import math
from html import escape

COLOURS = ("#1f6fb4", "#d1531b", "#2c8a4b", "#8a4fbf", "#b08900", "#5f6b76")
DARK = ("#6db3f2", "#f59a6b", "#74cf92", "#c59df0", "#e3c14d", "#a9b4be")
FONT = "font-family: -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"


def style():
    """Colours by class, so that one rule turns the whole figure dark."""
    def rules(paper, ink, faint, grid, colours):
        lines = [f".paper {{ fill: {paper} }} .ink {{ fill: {ink} }} .faint {{ fill: {faint} }}",
                 f".grid {{ stroke: {grid} }} .axis {{ stroke: {faint} }} .halo {{ stroke: {paper} }}"]
        lines += [f".line{i} {{ stroke: {c} }} .fill{i} {{ fill: {c} }}" for i, c in enumerate(colours)]
        return "\n".join(lines)
    return ("<style>\n" + f"text {{ {FONT}; font-size: 12px }} .title {{ font-size: 13px; font-weight: 600 }}\n"
            + ".small { font-size: 11px } .line { fill: none; stroke-width: 2 }\n"
            + rules("#ffffff", "#1d252c", "#5f6b76", "#e3e7ea", COLOURS)
            + "\n@media (prefers-color-scheme: dark) {\n"
            + rules("#0d1117", "#e6edf3", "#9aa6b2", "#2a323b", DARK) + "\n}\n</style>")


def number(x):
    """1200 → 1.2 k, 3400000 → 3.4 M, 0.25 → 0.25."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(x) >= size:
            return f"{x / size:.3g}{unit}"
    return f"{x:.3g}"


def count(x):
    """Ticks of the abscissa: numbers below 10,000 in full."""
    return f"{x:.0f}" if x < 10000 and x == int(x) else number(x)


def text(x, y, said, kind="ink", anchor="start", extra=""):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(str(said))}</text>'


def document(width, height, title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img">\n<title>{escape(title)}</title>\n{style()}\n'
            f'<rect class="paper" width="{width}" height="{height}" rx="6"/>\n' + "\n".join(body) + "\n</svg>\n")


def decades(low, high):
    """Ticks of a logarithmic axis that holds low … high: 1, 2, 5 steps while there are few decades."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    ticks = [s * 10.0 ** e for e in range(first, last + 1) for s in steps]
    inside = [t for t in ticks if low * 0.999 <= t <= high * 1.001]
    below = [t for t in ticks if t < low * 0.999]
    above = [t for t in ticks if t > high * 1.001]
    return ([below[-1]] if below else []) + inside + ([above[0]] if above else [])


def even(high):
    """Ticks of a linear axis from 0 to high."""
    raw = high / 4
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= raw)
    return [i * step for i in range(int(math.ceil(high / step - 1e-9)) + 1)]


def stroke(colour, is_limit):
    return 'class="line line5" stroke-dasharray="5 4"' if is_limit else f'class="line line{colour % 5}"'


class Panel:
    """lines: [(name, [(x, y)], is_limit)]. A limit is drawn dashed and grey."""

    def __init__(self, title, x_label, y_label, lines, is_log_y=False, x_ticks=None):
        self.title, self.x_label, self.y_label, self.lines = title, x_label, y_label, lines
        self.is_log_y, self.x_ticks = is_log_y, x_ticks

    def draw(self, left, top, width, height, first_colour=0):
        points = [p for _, line, _ in self.lines for p in line]
        xs, ys = sorted({x for x, _ in points}), [y for _, y in points]
        y_ticks = decades(min(ys), max(ys)) if self.is_log_y else even(max(ys))
        span_x = math.log10(xs[-1] / xs[0]) or 1.0

        def at_x(x):
            return left + width * math.log10(x / xs[0]) / span_x

        def at_y(y):
            if self.is_log_y:
                return top + height - height * math.log10(y / y_ticks[0]) / math.log10(y_ticks[-1] / y_ticks[0])
            return top + height - height * y / y_ticks[-1]

        out = [text(left - 44, top - 30, self.title, "ink title"), text(left - 44, top - 13, self.y_label, "faint small")]
        for tick in y_ticks:
            y = at_y(tick)
            out.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
            out.append(text(left - 7, y + 4, number(tick), "faint small", "end"))
        for tick in self.x_ticks or xs:
            x = at_x(tick)
            out.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top + height}" y2="{top + height + 4}"/>')
            out.append(text(x, top + height + 18, count(tick), "faint small", "middle"))
        out.append(f'<line class="axis" x1="{left}" x2="{left + width}" y1="{top + height}" y2="{top + height}"/>')
        out.append(text(left + width / 2, top + height + 36, self.x_label, "faint small", "middle"))
        for i, (_, line, is_limit) in enumerate(self.lines, first_colour):
            path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in sorted(line))
            out.append(f'<polyline {stroke(i, is_limit)} points="{path}"/>')
            if not is_limit:
                out += [f'<circle class="fill{i % 5}" cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3"/>' for x, y in line]
        return out + self.legend(left, top + height + 56, first_colour)

    def legend(self, left, top, first_colour):
        out = []
        for i, (name, _, is_limit) in enumerate(self.lines, first_colour):
            y = top + 17 * (i - first_colour)
            out.append(f'<line {stroke(i, is_limit)} x1="{left}" x2="{left + 22}" y1="{y}" y2="{y}"/>')
            out.append(text(left + 28, y + 4, name, "ink small"))
        return out


def panels(title, these):
    """Panels, two a row."""
    width, height, left, top, gap = 300, 190, 62, 56, 82
    line = top + height + 62 + 17 * max(len(p.lines) for p in these)
    columns, rows = min(2, len(these)), (len(these) + 1) // 2
    body = []
    for i, panel in enumerate(these):
        body += panel.draw(left + i % 2 * (width + gap), top + i // 2 * line, width, height)
    return document(left + columns * width + (columns - 1) * gap + 24, rows * line, title, body)


def bars(title, groups, unit, is_log=False):
    """groups: [(heading, [(name, value, colour, note)])]; one bar a line, its number and note behind it."""
    left, width, line, top = 230, 380, 21, 44
    values = [value for _, group in groups for _, value, _, _ in group]
    low = 10.0 ** math.floor(math.log10(min(values))) if is_log else 0.0
    high = max(values)

    def length(value):
        return width * (math.log10(value / low) / math.log10(high / low) if is_log else value / high)

    body, y = [text(16, 26, title, "ink title"), text(left + width + 180, 26, unit, "faint small", "end")], top
    for heading, group in groups:
        if heading:
            body.append(text(16, y + 14, heading, "ink small"))
            y += line
        for name, value, colour, note in group:
            body.append(text(left - 8, y + 14, name, "faint small", "end"))
            body.append(f'<rect class="fill{colour % 6}" x="{left}" y="{y + 3}" width="{max(1.5, length(value)):.1f}" '
                        f'height="{line - 7}" rx="2"/>')
            body.append(text(left + max(1.5, length(value)) + 7, y + 14, note or number(value), "ink small"))
            y += line
        y += 7
    return document(left + width + 196, y + 10, title, body)
