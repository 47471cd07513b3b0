# SPDX-License-Identifier: MIT
"""README's program: readme.py README.md prints the first ```c block."""
import re
import sys


def program(text):
    """The lines of the first ```c block, or None."""
    lines, inside = [], False
    for line in text.splitlines():
        if inside and line.startswith("```"):
            return "\n".join(lines) + "\n"
        if inside:
            lines.append(line)
        inside = inside or line.strip() == "```c"
    return None


def blocks(text):
    """Each ```c block."""
    return re.findall(r"^```c\n(.*?)^```$", text, re.M | re.S)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as readme:
        code = program(readme.read())
    if code is None:
        sys.exit("README has no ```c block")
    sys.stdout.write(code)
