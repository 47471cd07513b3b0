# SPDX-License-Identifier: MIT
"""The reference: pages of include/recrl/ by Doxygen, and pages for man 3.

    python3 docs/reference/generate.py TREE FOLDER VERSION STYLE [--strict | --not-strict]

writes FOLDER/reference/index.html and FOLDER/man3/rr_….3. STYLE is doxygen-awesome.css. With --strict
a warning of Doxygen is an error."""
import pathlib
import shutil
import subprocess
import sys

import headers

HERE = pathlib.Path(__file__).resolve().parent


def doxyfile(tree, folder, version, style, is_strict):
    """What Doxyfile.in leaves open."""
    text = (HERE / "Doxyfile.in").read_text(encoding="utf-8")
    quoted = '"{}"'.format
    for name, value in {
            "VERSION": version, "OUTPUT": folder, "INCLUDE": tree / "include",
            "INPUT": " ".join(quoted(path) for path in headers.chapters(tree)),
            "PYTHON": sys.executable, "FILTER": HERE / "filter.py", "LAYOUT": HERE / "layout.xml",
            "STYLES": f'"{style}" "{HERE / "reference.css"}"',
            "STRICT": "FAIL_ON_WARNINGS" if is_strict else "NO"}.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    tree, folder = (pathlib.Path(argument).resolve() for argument in arguments[:2])
    version, style = arguments[2], pathlib.Path(arguments[3])
    if shutil.which("doxygen") is None:
        sys.exit("reference: there is no doxygen here (Debian: apt-get install doxygen)")
    if not style.exists():
        sys.exit(f"reference: there is no {style} (Debian: apt-get install doxygen-awesome-css)")
    for name in ("reference", "man3", "xml"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["doxygen", "-"], text=True, cwd=folder, input=doxyfile(
        tree, folder, version, style, "--strict" in sys.argv))
    if made.returncode == 0:
        subprocess.run([sys.executable, HERE / "man.py", tree, folder / "man3", version], check=True)
    sys.exit(made.returncode)


if __name__ == "__main__":
    main()
