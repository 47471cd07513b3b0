# SPDX-License-Identifier: MIT
"""Looks at a report: its markup is balanced, its tables are even, its pictures have titles, it asks for nothing outside itself, and, in headless
Chromium where that is installed, nothing overflows at 400 and 1600 pixels and no script error appears.

    python3 tests/drivers/look.py report.html [WORD…]      each WORD must be on the page
    python3 tests/drivers/look.py --read report.html …     without the rendering, which takes seconds

RECRL_RENDER=no renders nothing; RECRL_RENDER=must makes a missing Chromium a fault.
"""
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Balance(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.text = [], [], []
        self.columns, self.cells, self.is_titled = 0, 0, True

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if (name in ("src", "href") and not (value or "").startswith("#")) or (value and "url(" in value):
                self.faults.append(f"<{tag} {name}={value!r}> asks for something outside the page")
        if tag == "script":
            self.faults.append("there is a script")
        if tag == "table":
            self.columns = 0
        self.cells = 0 if tag == "tr" else self.cells + (tag in ("td", "th"))
        self.is_titled = tag != "svg" and (self.is_titled or tag == "title")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else at {self.getpos()}")
        if tag == "tr":
            self.columns = self.columns or self.cells
            if self.cells != self.columns:
                self.faults.append(f"a row of {self.cells} cells in a table of {self.columns} at {self.getpos()}")
        if tag == "svg" and not self.is_titled:
            self.faults.append(f"a picture without a title at {self.getpos()}")

    def handle_data(self, data):
        self.text.append(data)


# Every element that sticks out to the right and has no scrolling box around it.
PROBE = """<script>
addEventListener("error", e => { document.title = "error: " + e.message; });
addEventListener("load", () => {
  const out = [...document.body.querySelectorAll("*")].filter(e => !e.closest(".scroll table") &&
    e.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  document.title = "width " + innerWidth + " over " + wide + " out " +
    out.slice(0, 3).map(e => e.tagName + "." + e.getAttribute("class")).join(" ");
});
</script>"""


def measure(chromium, page, width):
    """Lays the page out at a width, in a frame: windows have a least width, frames have none."""
    with tempfile.TemporaryDirectory() as folder:
        inner = page.replace("</body>", PROBE + "</body>").replace("&", "&amp;").replace('"', "&quot;")
        outer = pathlib.Path(folder) / "frame.html"
        outer.write_text(f"""<!DOCTYPE html><body><iframe style="width:{width}px;height:800px;border:0"
            srcdoc="{inner}" onload="setTimeout(() => document.title = this.contentDocument.title, 300)">
            </iframe></body>""", encoding="utf-8")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000",
                   "--window-size=1700,900", f"--user-data-dir={folder}/profile", "--dump-dom", outer.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r"<title>([^<]*)</title>", done.stdout)
    return found.group(1) if found else "no title: " + done.stderr[-400:]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--read"]
    path, words = pathlib.Path(arguments[0]), arguments[1:]
    page = path.read_text(encoding="utf-8")
    reader = Balance()
    reader.feed(page)
    faults = reader.faults + [f"<{tag}> is never closed" for tag in reader.open]
    text = "".join(reader.text)
    faults += [f'the page does not say "{word}"' for word in words if word not in text]
    faults += ["a number on the page is nan" for _ in re.findall(r"\b(?:nan|inf)\b", page)][:1]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    render = os.environ.get("RECRL_RENDER", "")
    if "--read" in sys.argv or render == "no":
        pass
    elif chromium is None and render == "must":
        faults.append("there is no chromium to render the page with, and RECRL_RENDER is must")
    elif chromium is None:
        print("look: there is no chromium here; the page was read, not rendered")
    else:
        for width in (400, 1600):
            seen = measure(chromium, page, width)
            if not re.fullmatch(rf"width {width} over -?0 out ?", seen):
                faults.append(f"at {width} pixels: {seen}")
    for fault in faults:
        print(f"look: {path}: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


main()
