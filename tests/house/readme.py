# SPDX-License-Identifier: MIT
"""The code that pages show.

usage: readme.py PAGE prints a shell script of what the page tells its reader to do, in order: blocks of
shell as they stand; a block of CMake or Meson in a folder of its own, beside examples/hosts/request.c,
where it is built and run."""
import re
import sys

BUILD = {
    "cmake": ("CMakeLists.txt", "cmake -G Ninja -B build >cmake.log && cmake --build build"),
    "meson": ("meson.build", "meson setup build >meson.log && ninja -C build"),
}


def blocks(text, language="c"):
    """Each block of this language."""
    return [code for found, code in fenced(text) if found == language]


def fenced(text):
    """(language, code) of each block that names its language."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


def script(text):
    """What a page tells its reader to do."""
    out = ["set -eux"]
    for language, code in fenced(text):
        if language == "sh":
            out.append(code)
        elif language in BUILD:
            name, build = BUILD[language]
            out += [f"mkdir with_{language}", f"cp examples/hosts/request.c with_{language}",
                    f"cat >with_{language}/{name} <<'END_OF_BLOCK'", code + "END_OF_BLOCK",
                    f"(cd with_{language} && {build} && build/server)"]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as page:
        sys.stdout.write(script(page.read()))
