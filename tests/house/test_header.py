# SPDX-License-Identifier: MIT
"""The header as a stranger's compiler reads it: clean in C and C++ of every year, with warnings being
errors, and structs that can grow: no hole, and a size that is a multiple of 8.

usage: test_header.py TREE C_COMPILER CXX_COMPILER"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TREE, CC, CXX = pathlib.Path("."), "cc", "c++"
WARNINGS = ["-Wall", "-Wextra", "-Wpadded", "-Wpedantic", "-Werror", "-fsyntax-only"]
C_YEARS = ("c11", "c17")
CXX_YEARS = ("c++98", "c++11", "c++14", "c++17", "c++20")
STRUCT = re.compile(r"typedef struct (rr_\w+) \{(.*?)\} \1;", re.S)
CALLBACK = re.compile(r"\(\*(\w+)\)\s*\(")


def compile_text(compiler, year, text, include=None):
    """What the compiler says of a program; empty where it is content."""
    language = "c++" if "++" in year else "c"
    command = [compiler, f"-std={year}", "-x", language, *WARNINGS,
               f"-I{include or TREE / 'include'}", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True).stderr


def preprocessed(include=None):
    """The declarations alone, as bindings generators that cannot read macros get them."""
    text = "#include <recrl/recrl.h>\n"
    found = subprocess.run([CC, "-std=c99", "-E", "-P", "-DRR_API=", f"-I{include or TREE / 'include'}",
                            "-x", "c", "-"], input=text, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


def structs_of(text):
    """{struct: its fields in order}; a callback by the name of its pointer."""
    found = {}
    for name, body in STRUCT.findall(text):
        fields = []
        for statement in body.split(";"):
            callback = CALLBACK.search(statement)
            if callback:
                fields.append(callback.group(1))
            elif statement.strip():
                fields += re.findall(r"(\w+)(?:\[\d+\])?\s*(?:,|$)", statement.strip())
        found[name] = fields
    return found


def assertions_of(structs):
    """A program that compiles where no struct has a hole and each size is a multiple of 8."""
    lines = ["#include <recrl/recrl.h>", "#include <stddef.h>"]
    for name, fields in structs.items():
        lines.append(f'_Static_assert(sizeof({name}) % 8 == 0, "{name}: size is a multiple of 8");')
        end = "0"
        for field in fields:
            lines.append(f'_Static_assert(offsetof({name}, {field}) == {end}, '
                         f'"{name}: no hole before {field}");')
            end = f"offsetof({name}, {field}) + sizeof((({name} *)0)->{field})"
        lines.append(f'_Static_assert(sizeof({name}) == {end}, "{name}: no hole at its end");')
    return "\n".join(lines) + "\n"


class Header(unittest.TestCase):
    def test_is_clean_in_every_year_of_c_and_cxx(self):
        for year in C_YEARS + CXX_YEARS:
            with self.subTest(year=year):
                compiler = CXX if "++" in year else CC
                self.assertEqual(compile_text(compiler, year, "#include <recrl/recrl.h>\n"), "")

    def test_each_chapter_stands_alone(self):
        for path in sorted((TREE / "include/recrl").glob("*.h")):
            text = f"#include <recrl/{path.name}>\n"
            with self.subTest(chapter=path.name):
                self.assertEqual(compile_text(CC, "c11", text), "")
                self.assertEqual(compile_text(CXX, "c++98", text), "")

    def test_every_chapter_is_on_the_front_page(self):
        front = (TREE / "include/recrl/recrl.h").read_text(encoding="utf-8")
        for path in (TREE / "include/recrl").glob("*.h"):
            if path.name != "recrl.h":
                self.assertIn(f"#include <recrl/{path.name}>", front)

    def test_structs_have_no_holes_and_sizes_are_multiples_of_8(self):
        structs = structs_of(preprocessed())
        self.assertGreaterEqual(len(structs), 25)
        self.assertEqual(structs["rr_error"], ["status", "text"])
        self.assertEqual(compile_text(CC, "c11", assertions_of(structs)), "")

    def test_structs_begin_with_their_size_and_configs_with_their_kind(self):
        for name, fields in structs_of(preprocessed()).items():
            if name != "rr_error":
                self.assertEqual(fields[0], "struct_size", name)
            if re.search(r"_config$|^rr_serving_options$", name):
                self.assertEqual(fields[1], "kind", name)


class TheTestItself(unittest.TestCase):
    """Headers that break a promise, each reported."""

    def speaks(self, declaration, year="c11", word=""):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "recrl").mkdir()
            (pathlib.Path(folder) / "recrl/recrl.h").write_text("#include <stdint.h>\n" + declaration)
            compiler = CXX if "++" in year else CC
            said = compile_text(compiler, year, "#include <recrl/recrl.h>\n", folder)
            said += compile_text(CC, "c11", assertions_of(structs_of(preprocessed(folder))), folder)
            self.assertIn(word, said)
            self.assertNotEqual(said, "")

    def test_a_hole_is_reported(self):
        self.speaks("typedef struct rr_a { uint32_t struct_size; uint64_t b; } rr_a;\n",
                    word="no hole before b")

    def test_a_hole_at_the_end_is_reported(self):
        self.speaks("typedef struct rr_a { uint64_t b; uint32_t c; } rr_a;\n", word="at its end")

    def test_a_size_of_12_is_reported(self):
        self.speaks("typedef struct rr_a { uint32_t struct_size; int32_t b, c; } rr_a;\n",
                    word="multiple of 8")

    def test_a_word_of_cxx_is_reported(self):
        self.speaks("void rr_do(int new);\n", "c++98")

    def test_a_comma_too_many_is_reported_in_cxx98(self):
        self.speaks("enum { RR_A, RR_B, };\n", "c++98")


if __name__ == "__main__":
    TREE, CC, CXX = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    unittest.main(argv=sys.argv[:1])
