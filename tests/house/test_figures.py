# SPDX-License-Identifier: MIT
"""The table of figures (recrl/figures.h), as the library has it, against the structs of the headers and the page
docs/figures.md, which has a line for each figure.

usage: test_figures.py TREE LIBRARY [--write], which writes the page's tables anew"""
import ctypes
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import test_header

TREE, LIBRARY = pathlib.Path("."), None
FORMS = ("counter", "gauge", "name")
STRUCTS = {1: "rr_stats", 2: "rr_ledger_counts", 3: "rr_slot_info", 4: "rr_health_report"}
TYPES = {"int32_t": "int32", "uint32_t": "uint32", "int64_t": "int64", "uint64_t": "uint64", "float": "float"}


class Figure(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("form", ctypes.c_int32), ("name", ctypes.c_char_p),
                ("unit", ctypes.c_char_p), ("type", ctypes.c_char_p), ("text", ctypes.c_char_p),
                ("offset", ctypes.c_uint64)]


def figures(of):
    found = []
    for i in range(LIBRARY.rr_figure_count(of)):
        figure = Figure(struct_size=ctypes.sizeof(Figure))
        assert LIBRARY.rr_figure_at(of, i, ctypes.byref(figure), None) == 0
        found.append((FORMS[figure.form], *(getattr(figure, name).decode() for name in ("name", "unit", "type", "text"))))
    return found


def fields(struct):
    """(name, type) of a struct's fields in the headers, in order."""
    for path in sorted((TREE / "include/recrl").glob("*.h")):
        match = re.search(r"typedef struct " + struct + r" \{(.*?)\} " + struct + ";", path.read_text(), re.S)
        if match:
            body = re.sub(r"/\*.*?\*/", "", match.group(1), flags=re.S)
            found = [statement.split() for statement in body.split(";") if statement.strip()]
            return [(name, TYPES[kind]) for kind, name in found if name not in ("struct_size", "reserved")]
    raise AssertionError(struct)


def table(of):
    lines = ["| figure | unit | form | |", "|---|---|---|---|"]
    lines += [f"| `{name}` | {unit} | {form} | {text} |" for form, name, unit, _, text in figures(of)]
    return "\n".join(lines) + "\n"


def page():
    """The page with the tables as the library has them."""
    text = (TREE / "docs/figures.md").read_text(encoding="utf-8")
    for of, struct in STRUCTS.items():
        text, n = re.subn(rf"(<!-- {struct} -->\n).*?(<!-- end -->\n)",
                          lambda m, of=of: m.group(1) + table(of) + m.group(2), text, flags=re.S)
        assert n == 1, struct
    return text


class Figures(unittest.TestCase):
    def test_are_the_fields_of_their_structs(self):
        for of, struct in STRUCTS.items():
            self.assertEqual([(name, kind) for _, name, _, kind, _ in figures(of)], fields(struct), struct)

    def test_are_on_their_page(self):
        self.assertEqual(page(), (TREE / "docs/figures.md").read_text(encoding="utf-8"))

    def test_the_headers_are_read_as_the_compiler_reads_them(self):
        names = test_header.structs_of(test_header.preprocessed())
        for struct in STRUCTS.values():
            self.assertEqual([name for name in names[struct] if name not in ("struct_size", "reserved")],
                             [name for name, _ in fields(struct)])


if __name__ == "__main__":
    TREE, LIBRARY = pathlib.Path(sys.argv[1]), ctypes.CDLL(str(pathlib.Path(sys.argv[2]).resolve()))
    test_header.TREE = TREE
    if sys.argv[3:] == ["--write"]:
        (TREE / "docs/figures.md").write_text(page(), encoding="utf-8")
    else:
        unittest.main(argv=sys.argv[:1], verbosity=1)
