# SPDX-License-Identifier: MIT
"""The live view of train fits any terminal: run in terminals of several sizes, read by a small
terminal of our own that wraps, scrolls and reflows, it leaves one bar behind and no line that is
wider than the window.

    python3 tests/drivers/test_screen.py TRAIN
"""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios

RUN = "--algo ppo --num-items 60 --hidden 8 --critic-hidden 8 --total-timesteps".split()


class Terminal:
    """Logical lines, shown in rows of `columns`; the cursor cannot leave the last `rows` of them."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines, self.line, self.at = [""], 0, 0
        self.codes = set()

    def resize(self, columns, rows):
        """Blank lines below the cursor go first."""
        self.columns, self.rows = columns, rows
        while len(self.lines) > self.line + 1 and not self.lines[-1]:
            self.lines.pop()

    def starts(self):
        return [(i, start) for i, text in enumerate(self.lines)
                for start in range(0, max(len(text), 1), self.columns)]

    def row(self):
        starts = self.starts()
        column = min(self.at, max(len(self.lines[self.line]) - 1, 0)) // self.columns * self.columns
        return starts.index((self.line, column))

    def up(self, n):
        starts = self.starts()
        top = max(len(starts) - self.rows, 0)
        self.line, self.at = starts[max(self.row() - n, top)]

    def clear_row(self):
        """What wraps is one line until a row of it is cleared."""
        begin = self.at // self.columns * self.columns
        text = self.lines[self.line]
        before, behind = text[:begin], text[begin + self.columns:]
        self.lines[self.line:self.line + 1] = [*[before] * (begin > 0), "", *[behind] * bool(behind)]
        self.line, self.at = self.line + (begin > 0), 0

    def put(self, text):
        line = self.lines[self.line]
        self.lines[self.line] = line[:self.at] + text + line[self.at + len(text):]
        self.at += len(text)

    def feed(self, text):
        for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if token == "\r":
                self.at = self.at // self.columns * self.columns if self.at else 0
            elif token == "\n":
                starts, below = self.starts(), self.row() + 1
                if below == len(starts):
                    self.lines.append("")
                    starts.append((len(self.lines) - 1, 0))
                self.line, self.at = starts[below]
            elif token.startswith("\x1b"):
                self.codes.add(token[-1])
                if token.endswith("A"):
                    self.up(int(token[2:-1]))
                elif token == "\x1b[2K":
                    self.clear_row()
                else:
                    assert token.endswith("m"), token
            else:
                self.put(token)


def play(train, columns, rows, steps=30000, environment=(), sizes=()):
    """A run in a terminal; `sizes` are taken one after another, a bar apart."""
    terminal = Terminal(columns, rows)
    folder = tempfile.mkdtemp()
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.pop("NO_COLOR", None)
        os.environ.update({"TERM": "xterm", **dict(environment)})
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execv(train, [train, *RUN, str(steps), "--no-report"])
    pending, n_bars, sizes = b"", 0, list(sizes)
    while True:
        try:
            block = os.read(master, 4096)
        except OSError:
            break
        if not block:
            break
        pending += block
        try:
            text, pending = pending.decode(), b""
        except UnicodeDecodeError:
            continue
        terminal.feed(text)
        n_bars += text.count("left")
        if sizes and n_bars > 3:
            terminal.resize(*sizes.pop(0))
            size = struct.pack("HHHH", terminal.rows, terminal.columns, 0, 0)
            fcntl.ioctl(master, termios.TIOCSWINSZ, size)
            n_bars = 0
    status = os.waitpid(pid, 0)[1]
    subprocess.run(["rm", "-rf", folder], check=True)
    assert status == 0, (columns, rows, status)
    return terminal


def view_of(terminal):
    """The lines of the view that stayed: the bar and what stands below it, to the end of the run."""
    bars = [i for i, line in enumerate(terminal.lines) if re.match("[█░ ]*[0-9]+ %", line)]
    assert len(bars) == 1, (terminal.columns, terminal.rows, [terminal.lines[i] for i in bars])
    return [line for line in terminal.lines[bars[0]:bars[0] + 6] if line.strip()]


def main():
    train = os.path.abspath(sys.argv[1])
    steps = 80000
    windows = [(80, 24), (40, 5), (200, 50), (40, 24), (12, 3)]
    changes = [[(50, 24), (130, 30)], [(90, 24), (60, 20), (100, 9)]]
    if os.environ.get("RECRL_TIER") == "quick":
        windows, changes, steps = windows[:2], changes[:1], 40000
    for columns, rows in windows:
        terminal = play(train, columns, rows)
        view = view_of(terminal)[:max(rows - 1, 1)]
        assert all(len(line) < columns for line in view[:min(rows - 1, 6)]), (columns, view)
        if columns >= 40:
            assert "left" in view[0] and view[1].startswith("reward"), view
        if columns >= 80:
            assert "of the best known play" in view[1], view
    for sizes in changes:
        view_of(play(train, 110, 24, steps=steps, sizes=sizes))
    for environment in {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "dumb", "NO_COLOR": "1"}:
        terminal = play(train, 100, 24, steps=5000, environment=environment.items())
        assert not terminal.codes, (environment, terminal.codes)
        assert sum("left" in line for line in terminal.lines) == 5, terminal.lines
    with tempfile.TemporaryDirectory() as folder:
        plain = subprocess.run([train, *RUN, "5000", "--no-report"], cwd=folder, check=True, stdout=subprocess.PIPE,
                               env={**os.environ, "TERM": "xterm"}).stdout.decode()
    assert "\x1b" not in plain and plain.count("left") == 5, plain


if __name__ == "__main__":
    signal.alarm(300)
    main()
