# SPDX-License-Identifier: MIT
"""The rules of the house, on this tree, and each seen to fail on a fake one.

usage: test_house.py TREE [LIBRARY [ARCHIVE …]]"""
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import rules
import tally

TREE = "."
LIBRARY = None
ARCHIVES = []


class ThisTree(unittest.TestCase):
    """One rule a test; what is wrong is said in sentences."""

    longMessage = False

    def holds(self, sentences):
        self.assertFalse(sentences, "\n  " + "\n  ".join(sentences))

    def test_includes_follow_the_arrows(self):
        self.holds(rules.includes_follow_the_arrows(TREE))

    def test_hosts_see_the_header_alone(self):
        self.holds(rules.hosts_see_the_header_alone(TREE))

    def test_every_header_has_its_test(self):
        self.holds(rules.every_header_has_its_test(TREE))

    def test_tests_that_replace_functions_stand_alone(self):
        self.holds(rules.tests_that_replace_functions_stand_alone(TREE))

    def test_file_names_are_unique(self):
        self.holds(rules.file_names_are_unique(TREE))

    def test_files_are_short(self):
        self.holds(rules.files_are_short(TREE))

    def test_lines_are_short(self):
        self.holds(rules.lines_are_short(TREE))

    def test_functions_are_short(self):
        self.holds(rules.functions_are_short(TREE))

    def test_the_library_is_a_guest(self):
        self.holds(rules.the_library_is_a_guest(TREE))

    def test_no_libm_transcendental(self):
        self.holds(rules.no_libm_transcendental(TREE))

    def test_objects_call_no_libm_transcendental(self):
        self.holds(rules.objects_call_no_libm_transcendental(self.objects()))

    def test_every_symbol_is_wanted(self):
        self.holds(rules.every_symbol_is_wanted(self.objects()))

    def objects(self):
        if not ARCHIVES:
            self.skipTest("no archives were given")
        return rules.run("nm", "-A", "-P", *ARCHIVES)

    def test_no_loose_ends(self):
        self.holds(rules.no_loose_ends(TREE))

    def test_every_file_names_its_licence(self):
        self.holds(rules.every_file_names_its_licence(TREE))

    def test_exported_functions_live_in_api(self):
        self.holds(rules.exported_functions_live_in_api(TREE))

    def test_header_and_map_agree(self):
        self.holds(rules.header_and_map_agree(TREE))

    def test_a_host_is_the_last_input(self):
        self.assertGreater(len(list(rules.prototypes(TREE))), 100)
        self.holds(rules.a_host_is_the_last_input(TREE))

    def test_every_create_says_its_memory(self):
        self.holds(rules.every_create_says_its_memory(TREE))

    def test_one_version(self):
        self.holds(rules.one_version(TREE))

    def test_libraries_go_to_lib(self):
        self.holds(rules.libraries_go_to_lib(TREE))

    def test_pages_show_what_is_compiled(self):
        self.holds(rules.pages_show_what_is_compiled(TREE))

    def test_prose_is_wrapped(self):
        self.holds(rules.prose_is_wrapped(TREE))

    def test_docs_name_what_exists(self):
        self.holds(rules.docs_name_what_exists(TREE))

    def test_header_and_library_agree(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.holds(rules.header_and_library_agree(TREE, rules.run("nm", "-D", "--defined-only", LIBRARY)))

    def test_the_library_needs_little(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.holds(rules.the_library_needs_little(rules.run("readelf", "-d", LIBRARY)))

    def test_the_library_calls_itself(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.holds(rules.the_library_calls_itself(rules.run("readelf", "-rW", LIBRARY)))
        self.holds(rules.the_library_binds_at_once(rules.run("readelf", "-dW", LIBRARY)))

    def test_top_level_is_tidy(self):
        if shutil.which("git") is None or not (pathlib.Path(TREE) / ".git").exists():
            self.skipTest("not a git work tree")
        tracked = rules.run("git", "-c", "safe.directory=*", "-C", TREE, "ls-files").splitlines()
        self.holds(rules.top_level_is_tidy(TREE, tracked))


HEADER = """#define RR_VERSION_MAJOR 0
#define RR_VERSION_MINOR 1
#define RR_VERSION_PATCH 0
RR_API void rr_one(void); /* rr_not_this_one(); */
RR_API const float *rr_two(const int *x,
                           int y);
"""
SPDX = "/* SPDX-License-Identifier: MIT */\n"
REQUEST = "int show(void);\nint click(void);\n"
GOOD = {
    "meson.build": "project('librecrl', 'c',\n  version : '0.1.0')\n",
    "include/recrl/base.h": SPDX + HEADER,
    "lib/recrl.map": "LIBRECRL_0.1 {\n global:\n  rr_one;\n  rr_two;\n local: *;\n};\n",
    "lib/core/memory.c": SPDX + '#include "core/memory.h"\nvoid *f(void)\n{\n    return malloc(1);\n}\n',
    "lib/core/memory.h": SPDX + "/* It never calls exit() or printf(). */\n",
    "lib/nn/linear.c": SPDX + '#include "math/gemm.h"\n#include "nn/linear.h"\n#include "recrl/recrl.h"\n',
    "lib/nn/linear.h": SPDX + "void rri_linear_forward(float *y,\n                        const float *x);\n",
    "lib/nn/layout.c": SPDX + '#include "nn/linear.h"\n',
    "lib/nn/types.h": SPDX + "typedef void rri_tile(int m);\n"
                             "static inline int rri_one(int x)\n{\n    return rri_two(x);\n}\n",
    "lib/api/api_one.c": SPDX + '#include "nn/linear.h"\nvoid rr_one(void)\n{\n    rri_f();\n}\n',
    "tests/meson.build": "lone_tests = ['io/one',\n  'nn/linear']\n",
    "tests/nn/meson.build": "unit_tests += [\n  ['nn', 'linear'],\n]\n",
    "tests/core/meson.build": "unit_tests += [['core', 'memory']]\n",
    "tests/core/test_memory.c": SPDX + "static int f(void)\n{\n    return 1;\n}\n"
                                       "START_TEST(test_one)\n{\n    f();\n}\nEND_TEST\n",
    "tests/nn/test_linear.c": SPDX,
    "tests/api/test_api_one.c": SPDX,
    "examples/hosts/request.c": SPDX + REQUEST,
    "README.md": "# recrl\n```sh\nmake\n```\n```c\n" + REQUEST + "```\n",
}


class TheRules(unittest.TestCase):
    """Each rule on a small fake tree: silent where it is right, a sentence where it is not."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = pathlib.Path(self.folder.name)
        for path, text in GOOD.items():
            self.write(path, text)

    def write(self, path, text):
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / path).write_text(text, encoding="utf-8")

    def speaks(self, sentences, *words):
        self.assertEqual(len(sentences), 1, sentences)
        for word in words:
            self.assertIn(word, sentences[0])

    def test_silent_on_a_good_tree(self):
        for rule in (rules.includes_follow_the_arrows, rules.hosts_see_the_header_alone,
                     rules.every_header_has_its_test, rules.file_names_are_unique,
                     rules.tests_that_replace_functions_stand_alone,
                     rules.files_are_short, rules.functions_are_short, rules.the_library_is_a_guest,
                     rules.no_libm_transcendental, rules.no_loose_ends, rules.every_file_names_its_licence,
                     rules.exported_functions_live_in_api, rules.header_and_map_agree,
                     rules.one_version, rules.docs_name_what_exists, rules.prose_is_wrapped):
            self.assertEqual(rule(self.tree), [], rule.__name__)

    def test_include_that_points_up(self):
        self.write("lib/math/gemm.h", SPDX + '#include "nn/linear.h"\n')
        self.speaks(rules.includes_follow_the_arrows(self.tree), "lib/math/gemm.h", "nn/linear.h",
                    "math may include")

    def test_include_that_points_aside(self):
        self.write("lib/nn/linear.c", SPDX + '#include "rl/gae.h"\n')
        self.speaks(rules.includes_follow_the_arrows(self.tree), "lib/nn/linear.c", "not rl")

    def test_include_of_the_world_by_the_agent(self):
        self.write("lib/play/act.c", SPDX + '#include "env/world.h"\n')
        self.speaks(rules.includes_follow_the_arrows(self.tree), "lib/play/act.c", "not env")

    def test_include_of_the_handle_by_a_room_that_it_composes(self):
        for room in ("model", "play", "train", "serve"):
            self.write(f"lib/{room}/made_up.h", SPDX + '#include "agent/agent.h"\n')
            self.speaks(rules.includes_follow_the_arrows(self.tree), f"lib/{room}/made_up.h",
                        "not agent")
            self.write(f"lib/{room}/made_up.h", SPDX)

    def test_include_between_those_who_train_and_those_who_serve(self):
        for room, other in (("train", "serve"), ("serve", "train"), ("play", "train")):
            self.write(f"lib/{room}/made_up.h", SPDX + f'#include "{other}/made_up.h"\n')
            self.speaks(rules.includes_follow_the_arrows(self.tree), f"lib/{room}/made_up.h",
                        f"not {other}")
            self.write(f"lib/{room}/made_up.h", SPDX)

    def test_include_without_a_room(self):
        self.write("lib/nn/linear.c", SPDX + '#include "linear.h"\n')
        self.speaks(rules.includes_follow_the_arrows(self.tree), "room/file.h")

    def test_unknown_room(self):
        self.write("lib/attic/box.c", SPDX)
        self.speaks(rules.includes_follow_the_arrows(self.tree), "attic")

    def test_host_that_looks_inside(self):
        self.write("examples/peek.c", SPDX + '#include "core/memory.h"\n')
        self.speaks(rules.hosts_see_the_header_alone(self.tree), "examples/peek.c")

    def test_missing_test(self):
        (self.tree / "tests/nn/test_linear.c").unlink()
        self.speaks(rules.every_header_has_its_test(self.tree), "tests/nn/test_linear.c")

    def test_missing_test_of_an_exported_function(self):
        (self.tree / "tests/api/test_api_one.c").unlink()
        self.speaks(rules.every_header_has_its_test(self.tree), "tests/api/test_api_one.c")

    def test_two_files_of_one_name(self):
        self.write("lib/rl/linear.h", SPDX)
        self.speaks(rules.file_names_are_unique(self.tree), "lib/nn/linear.h", "lib/rl/linear.h")

    def test_long_file(self):
        self.write("lib/nn/linear.h", SPDX + "\n" * 700)
        self.speaks(rules.files_are_short(self.tree), "lib/nn/linear.h", "701")

    def test_long_line(self):
        self.write("lib/nn/linear.h", SPDX + "/* " + "a" * 98 + "\n")
        self.speaks(rules.lines_are_short(self.tree), "lib/nn/linear.h:2", "101")

    def test_long_function(self):
        self.write("lib/nn/linear.c", SPDX + "void f(void)\n{\n" + "    ;\n" * 100 + "}\n")
        self.speaks(rules.functions_are_short(self.tree), "lib/nn/linear.c:3")

    def test_library_that_speaks_leaves_or_asks(self):
        for call in ("printf(x)", "exit(1)", "abort ()", 'getenv("HOME")', "signal(2, f)",
                     'setlocale(0, "C")', "malloc(3)", "fputs(x, f)"):
            self.write("lib/nn/linear.c", SPDX + f"    y = {call};\n")
            self.speaks(rules.the_library_is_a_guest(self.tree), "lib/nn/linear.c:2",
                        call.split("(")[0].strip())
        self.write("lib/nn/linear.c", SPDX + "    fflush(stderr);\n")
        self.speaks(rules.the_library_is_a_guest(self.tree), "standard stream")

    def test_a_member_or_a_longer_name_is_no_call(self):
        self.write("lib/nn/linear.c", SPDX + "a->free(b); x.exit(1); snprintf(a, b, c); rri_exit();\n")
        self.assertEqual(rules.the_library_is_a_guest(self.tree), [])

    def test_libm_that_differs_between_machines(self):
        for call in ("exp(x)", "tanhf (x)", "pow(2, x)", "log1p(x)"):
            self.write("lib/nn/linear.c", SPDX + f"    y = {call};\n")
            self.speaks(rules.no_libm_transcendental(self.tree), "lib/nn/linear.c:2",
                        call.split("(")[0].strip())
        self.write("lib/nn/linear.c",
                   SPDX + "/* exp(x) */ rri_exp(x); sqrt(x); fmaf(a, b, c); k->exp(y); floor(x);\n")
        self.assertEqual(rules.no_libm_transcendental(self.tree), [])

    def objects(self, *more):
        """The house as it is, in miniature."""
        lines = [f"a.o: {name} T 0 1" for name in rules.FOR_TESTS]
        return "\n".join(lines + ["a.o: rri_one T 0 1", "b.o: rri_one U", "b.o: sqrt U",
                                  "b.o: own t 0 1", *more])

    def test_compiled_call_of_libm(self):
        self.assertEqual(rules.objects_call_no_libm_transcendental(self.objects()), [])
        self.speaks(rules.objects_call_no_libm_transcendental(self.objects("b.o: expf U")), "b.o", "expf")

    def test_symbol_that_only_tests_call(self):
        self.assertEqual(rules.every_symbol_is_wanted(self.objects()), [])
        self.speaks(rules.every_symbol_is_wanted(self.objects("c.o: rri_two T 0 1")), "rri_two", "c.o")
        self.speaks(rules.every_symbol_is_wanted(self.objects("c.o: rri_two D 0 1", "c.o: rri_two U")),
                    "rri_two")

    def test_list_of_what_tests_call_that_rots(self):
        name = "rri_philox_block"
        self.speaks(rules.every_symbol_is_wanted(self.objects(f"c.o: {name} U")), name, "others want")
        without = self.objects().replace(f"a.o: {name} T 0 1\n", "")
        self.speaks(rules.every_symbol_is_wanted(without), name, "is not there")

    def test_loose_end(self):
        self.write("lib/nn/linear.c", SPDX + "/* TO" + "DO: later */\n")
        self.speaks(rules.no_loose_ends(self.tree), "lib/nn/linear.c:2")

    def test_missing_licence_line(self):
        self.write("examples/rust/a.rs", "fn main() {}\n")
        self.speaks(rules.every_file_names_its_licence(self.tree), "examples/rust/a.rs")

    def test_exported_function_in_a_room(self):
        self.write("lib/nn/linear.c", SPDX + "rr_status rr_one(int a,\n                 int b)\n{\n}\n")
        self.speaks(rules.exported_functions_live_in_api(self.tree), "rr_one")

    def test_calling_an_exported_function_is_not_defining_it(self):
        self.write("lib/nn/linear.c", SPDX + "static int f(void)\n{\n    if (rr_one(a)) {\n    }\n}\n")
        self.assertEqual(rules.exported_functions_live_in_api(self.tree), [])

    def test_header_and_map_disagree(self):
        self.write("lib/recrl.map", "{ global: rr_one; rr_three; local: *; };\n")
        found = rules.header_and_map_agree(self.tree)
        self.assertEqual(len(found), 2, found)

    def test_host_out_of_its_place(self):
        good = ("RR_API int rr_thing_make(rr_thing **out, const int *in, const rr_host *host,\n"
                "                         float *values, rr_error *err);\n")
        self.write("include/recrl/more.h", SPDX + good)
        self.assertEqual(rules.a_host_is_the_last_input(self.tree), [])
        self.write("include/recrl/more.h", SPDX + "RR_API int rr_two(const int *in, float *values, "
                                                  "const rr_host *host, rr_error *err);\n")
        self.speaks(rules.a_host_is_the_last_input(self.tree), "rr_two", "float *values")
        self.write("include/recrl/more.h", SPDX + "RR_API int rr_two(const rr_host *host, int n, "
                                                  "rr_error *err);\n")
        self.speaks(rules.a_host_is_the_last_input(self.tree), "rr_two", "int n")

    def test_create_that_does_not_say_its_memory(self):
        self.write("include/recrl/more.h", SPDX + "RR_API int rr_thing_create_drawn(int n);\n")
        self.speaks(rules.every_create_says_its_memory(self.tree), "rr_thing_memory")
        self.write("include/recrl/more.h", SPDX + "RR_API int rr_thing_create_drawn(int n);\n"
                                                  "RR_API int rr_thing_memory(int n);\n")
        self.assertEqual(rules.every_create_says_its_memory(self.tree), [])

    def test_library_that_exports_more_or_less(self):
        both = "0000 T rr_one@@LIBRECRL_0.1\n0010 T rr_two@@LIBRECRL_0.1\n0000 A LIBRECRL_0.1\n"
        self.assertEqual(rules.header_and_library_agree(self.tree, both), [])
        more = rules.header_and_library_agree(self.tree, both + "0020 T rri_three\n")
        self.speaks(more, "rri_three")
        self.speaks(rules.header_and_library_agree(self.tree, "0000 T rr_one\n"), "rr_two")

    def test_tests_that_replace_functions_for_others(self):
        for text, name in ((SPDX + "int rri_f(int x,\n          int y)\n{\n    return x;\n}\n", "rri_f"),
                           (SPDX + '#include "nn/linear.c"\n', "nn/linear.c")):
            self.write("tests/nn/test_linear.c", text)
            self.assertEqual(rules.tests_that_replace_functions_stand_alone(self.tree), [])
            self.write("tests/core/test_memory.c", text)
            self.speaks(rules.tests_that_replace_functions_stand_alone(self.tree), "test_memory.c", name, "lone_tests")
            self.write("tests/core/test_memory.c", GOOD["tests/core/test_memory.c"])

    def test_library_that_needs_more(self):
        line = " 0x01 (NEEDED)             Shared library: [{}]\n"
        good = "".join(map(line.format, ("libm.so.6", "libc.so.6", "libpthread.so.0",
                                         "ld-linux-x86-64.so.2")))
        self.assertEqual(rules.the_library_needs_little(good), [])
        self.speaks(rules.the_library_needs_little(good + line.format("libgomp.so.1")), "libgomp")

    def test_library_that_calls_somebody_else(self):
        line = "0000  0000 R_X86_64_{}     0000000000055170 {} + 0\n"
        good = line.format("JUMP_SLOT", "memcpy@GLIBC_2.14") + line.format("RELATIVE", "")
        self.assertEqual(rules.the_library_calls_itself(good), [])
        for kind in ("JUMP_SLOT", "GLOB_DAT", "64"):
            bad = good + line.format(kind, "rr_two@@LIBRECRL_0.1")
            self.speaks(rules.the_library_calls_itself(bad), "rr_two")

    def test_library_that_binds_lazily(self):
        line = " 0x000000000000001e ({})  {}\n"
        self.assertEqual(rules.the_library_binds_at_once(line.format("FLAGS", "BIND_NOW")), [])
        self.assertEqual(rules.the_library_binds_at_once(line.format("FLAGS_1", "Flags: NOW")), [])
        self.speaks(rules.the_library_binds_at_once(line.format("SONAME", "[BIND_NOW]")), "lazily")

    def test_two_versions(self):
        self.write("meson.build", "project('librecrl', version : '0.2.0')\n")
        self.speaks(rules.one_version(self.tree), "0.2.0", "0.1.0")

    def test_libraries_that_go_where_nobody_looks(self):
        self.write("meson.build", "project('a', 'c', default_options : ['c_std=c11'])\n")
        self.speaks(rules.libraries_go_to_lib(self.tree), "libdir=lib")

    def test_serving_that_shows_something_else(self):
        self.write("examples/hosts/walk.c", SPDX + "int one(void);\nint two(void);\n")
        self.write("examples/hosts/operate.c", SPDX + "int five(void);\n")
        self.write("examples/hosts/schema_change.c", SPDX + "int seven(void);\n")
        self.write("examples/hosts/moving_catalogue.c", SPDX + "int six(void);\n")
        self.write("examples/hosts/watch.c", SPDX + "int seven(void);\n")
        self.write("examples/hosts/tail.c", SPDX + "int four(void);\n")
        self.write("docs/log_format.md", "```c\nint four(void);\n```\n")
        self.write("docs/serving.md", "# Serving\n```c\nint two(void);\n```\n```c\nint five(void);\n```\n```sh\nmake\n```\n")
        self.assertEqual(rules.pages_show_what_is_compiled(self.tree), [])
        whole = rules.read(self.tree, "README.md")
        self.write("README.md", "```c\nint show(int more);\n```\n")
        self.speaks(rules.pages_show_what_is_compiled(self.tree), "README.md", "request.c", "int show(int more);")
        self.write("README.md", whole)
        self.write("docs/serving.md", "```c\nint two(void);\n```\n\n```c\nint three(void);\n```\n")
        self.speaks(rules.pages_show_what_is_compiled(self.tree), "int three(void);")
        self.write("docs/serving.md", "no code\n")
        self.speaks(rules.pages_show_what_is_compiled(self.tree), "no ```c block")

    def test_prose_that_is_not_wrapped(self):
        wide = "word " * 30 + "\n"
        self.write("docs/maths.md", "| " + wide + "![" + wide + "  <https://" + "a" * 99 + ">\n```c\n" + wide + "```\nshort\n")
        self.assertEqual(rules.prose_is_wrapped(self.tree), [])
        self.write("docs/maths.md", "short\n" + wide)
        self.speaks(rules.prose_is_wrapped(self.tree), "docs/maths.md:2", "150")

    def test_docs_that_rot(self):
        self.write("docs/maths.md", "`rr_one` is tested by `tests/nn/test_linear.c`\n")
        self.assertEqual(rules.docs_name_what_exists(self.tree), [])
        self.write("docs/maths.md", "`rri_gone`\n")
        self.speaks(rules.docs_name_what_exists(self.tree), "docs/maths.md", "rri_gone")
        self.write("docs/maths.md", "`tests/nn/test_gone.c`\n")
        self.speaks(rules.docs_name_what_exists(self.tree), "tests/nn/test_gone.c")

    def test_untidy_top_level(self):
        self.assertEqual(rules.top_level_is_tidy(self.tree, ["README.md", "lib/nn/linear.c"]), [])
        self.speaks(rules.top_level_is_tidy(self.tree, ["notes.txt", "lib/a.c"]), "notes.txt")


class TheTally(unittest.TestCase):
    """The count of tests does not flatter."""

    def test_counts_what_libcheck_says(self):
        self.assertEqual(tally.count("OK", "100%: Checks: 7, Failures: 0, Errors: 0"), (7, 0))
        self.assertEqual(tally.count("FAIL", "71%: Checks: 7, Failures: 1, Errors: 1"), (5, 2))

    def test_counts_what_unittest_says(self):
        self.assertEqual(tally.count("OK", "Ran 9 tests in 0.1s\n\nOK (skipped=2)"), (7, 0))
        self.assertEqual(tally.count("FAIL", "Ran 9 tests in 0.1s\n\nFAILED (failures=2, errors=1)"), (6, 3))

    def test_a_program_that_dies_has_failed(self):
        self.assertEqual(tally.count("FAIL", "Running suite"), (0, 1))
        self.assertEqual(tally.count("TIMEOUT", ""), (0, 1))
        self.assertEqual(tally.count("FAIL", "100%: Checks: 7, Failures: 0, Errors: 0"), (7, 1))

    def test_a_silent_program_is_one_test(self):
        self.assertEqual(tally.count("OK", ""), (1, 0))
        self.assertEqual(tally.count("SKIP", ""), (0, 0))


if __name__ == "__main__":
    TREE = sys.argv[1] if len(sys.argv) > 1 else TREE
    LIBRARY = sys.argv[2] if len(sys.argv) > 2 else LIBRARY
    ARCHIVES = sys.argv[3:]
    unittest.main(argv=sys.argv[:1], verbosity=1)
