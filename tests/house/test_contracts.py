# SPDX-License-Identifier: MIT
"""The rules of contracts.py on this tree and on a small one that breaks each of them.

usage: test_contracts.py TREE"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import contracts

TREE = "."

FRONT = """/* recrl.h: the front page.
 *
 * What may run beside what
 *   - rr_thing_*: one thread at a time
 *     for one thing.
 *   - rr_*_memory: any thread.
 *   - rr_thing_count: beside one another.
 *   After fork nothing. */
#include <recrl/thing.h>
"""

CHAPTER = """/* recrl/thing.h: things.
 *
 * Cost: constant. */
#include <recrl/base.h>

/* Makes one. Errors: RR_E_MEMORY. Cost: a pass. */
RR_API rr_status rr_thing_create(rr_thing **out, rr_error *err);
/* Bytes of one. */
RR_API rr_status rr_thing_memory(size_t *bytes, rr_error *err);
/* How many. */
RR_API int32_t rr_thing_count(const rr_thing *thing);
/* How wide. */
RR_API int32_t rr_thing_width(const rr_thing *thing);
"""

CODE = """static rr_status take(rr_error *err)
{
    RRI_FAIL(err, RR_E_MEMORY, "no");
}

rr_status rr_thing_create(rr_thing **out, rr_error *err)
{
    return take(err);
}

rr_status rr_thing_memory(size_t *bytes, rr_error *err)
{
    if (look() == RR_E_FULL) {
        RRI_FAIL(err, RR_E_INVALID, "no");
    }
    return RR_OK;
}
"""


class ThisTree(unittest.TestCase):
    def holds(self, sentences):
        self.assertEqual(sentences, [], "\n" + "\n".join(sentences))

    def test_every_function_has_a_comment(self):
        self.holds(contracts.every_function_has_a_comment(TREE))

    def test_every_field_has_a_comment(self):
        self.holds(contracts.every_field_has_a_comment(TREE))

    def test_every_function_names_its_cost(self):
        self.holds(contracts.every_function_names_its_cost(TREE))

    def test_every_function_names_the_statuses_that_its_code_returns_and_no_other(self):
        self.holds(contracts.every_function_names_its_statuses(TREE))

    def test_every_function_has_its_thread_rule(self):
        self.holds(contracts.every_function_has_its_thread_rule(TREE))

    def test_chapters_are_in_reading_order(self):
        self.holds(contracts.chapters_are_in_reading_order(TREE))

    def test_every_function_is_shown(self):
        self.holds(contracts.every_function_is_shown(TREE))

    def test_the_functions_are_those_that_are_exported(self):
        read = {name for _, _, name, _, _ in contracts.all_functions(TREE)}
        self.assertEqual(read, contracts.rules.names_in_map(TREE))


class TreesThatBreakThem(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.tree = pathlib.Path(held.name)
        self.kept, contracts.NEVER = contracts.NEVER, {}
        self.write("include/recrl/recrl.h", FRONT)
        self.write("include/recrl/thing.h", CHAPTER)
        self.write("lib/api/api_thing.c", CODE)

    def tearDown(self):
        contracts.NEVER = self.kept

    def write(self, path, text):
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / path).write_text(text, encoding="utf-8")

    def says(self, sentences, *words):
        self.assertEqual(len(sentences), 1, sentences)
        for word in words:
            self.assertIn(word, sentences[0])

    def test_the_good_tree(self):
        for rule in (contracts.every_function_has_a_comment, contracts.every_function_names_its_cost,
                     contracts.every_function_names_its_statuses,
                     contracts.every_function_has_its_thread_rule):
            self.assertEqual(rule(self.tree), [])

    def test_a_status_that_nobody_told(self):
        self.write("include/recrl/thing.h", CHAPTER.replace("Errors: RR_E_MEMORY. ", ""))
        self.says(contracts.every_function_names_its_statuses(self.tree), "rr_thing_create",
                  "RR_E_MEMORY", "take")

    def test_a_status_that_never_comes(self):
        """A comparison with a status is no answer."""
        self.write("include/recrl/thing.h", CHAPTER.replace("Bytes of one.", "Errors: RR_E_FULL."))
        self.says(contracts.every_function_names_its_statuses(self.tree), "rr_thing_memory", "RR_E_FULL")

    def test_an_exception_that_is_none(self):
        contracts.NEVER = {"rr_thing_create": {"RR_E_IO": "it writes nothing"}}
        self.says(contracts.every_function_names_its_statuses(self.tree), "rr_thing_create", "RR_E_IO")

    def test_an_exception_holds(self):
        contracts.NEVER = {"rr_thing_create": {"RR_E_MEMORY": "it takes none"}}
        self.write("include/recrl/thing.h", CHAPTER.replace("Errors: RR_E_MEMORY. ", ""))
        self.assertEqual(contracts.every_function_names_its_statuses(self.tree), [])

    def test_fields_without_a_word(self):
        struct = ("typedef struct rr_a {{\n    uint32_t struct_size;\n{}    int32_t b; /* wide; and\n"
                  "                  tall */\n}} rr_a;\nenum {{\n    RR_A = 1{}\n}};\n")
        for field, constant, word in (("", " /* one */", None), ("    float c;\n", " /* one */", "rr_a.c"),
                                      ("    float c, d; /* both */\n", " /* one */", "one a line"),
                                      ("    void (*f)(int a, int b);\n", " /* one */", "rr_a.f"),
                                      ("    /* c: first */\n    float c;\n", " /* one */", "rr_a.c"),
                                      ("", "", "RR_A")):
            self.write("include/recrl/thing.h", CHAPTER + struct.format(field, constant))
            found = contracts.every_field_has_a_comment(self.tree)
            self.assertEqual(found, []) if word is None else self.says(found, word)

    def test_no_cost(self):
        self.write("include/recrl/thing.h", CHAPTER.replace(" *\n * Cost: constant. */", " */"))
        found = contracts.every_function_names_its_cost(self.tree)
        self.assertEqual([s.split()[2] for s in found],
                         ["rr_thing_memory", "rr_thing_count", "rr_thing_width"])

    def test_no_comment(self):
        self.write("include/recrl/thing.h", CHAPTER.replace("/* Bytes of one. */\n", "\n"))
        self.says(contracts.every_function_has_a_comment(self.tree), "rr_thing_memory")
        self.write("include/recrl/thing.h", CHAPTER.replace("/* How wide. */\n", ""))
        self.says(contracts.every_function_has_a_comment(self.tree), "rr_thing_width")

    def test_no_thread_rule(self):
        self.write("include/recrl/recrl.h", FRONT.replace("rr_thing_*", "rr_thing_c*"))
        self.says(contracts.every_function_has_its_thread_rule(self.tree), "rr_thing_width")

    def test_a_thread_rule_of_nothing(self):
        self.write("include/recrl/recrl.h", FRONT.replace("rr_*_memory", "rr_*_memory, rr_other_*"))
        self.says(contracts.every_function_has_its_thread_rule(self.tree), "rr_other_*")

    def test_chapters_that_were_sorted(self):
        self.write("include/recrl/base.h", "/* recrl/base.h: words. */\n")
        self.write("include/recrl/data.h", "/* recrl/data.h: the lab: data. */\n")
        order = "#include <recrl/{}.h>\n#include <recrl/{}.h>\n#include <recrl/{}.h>\n"
        for names, word in ((("base", "thing", "data"), None), (("base", "data", "thing"), "the lab's"),
                            (("thing", "base", "data"), "base.h comes first")):
            self.write("include/recrl/recrl.h", FRONT.replace("#include <recrl/thing.h>\n",
                                                              order.format(*names)))
            found = contracts.chapters_are_in_reading_order(self.tree)
            self.assertEqual(found, []) if word is None else self.says(found, word)

    def test_a_function_that_no_example_calls(self):
        """A comment that names it, and a pointer to it, are no call."""
        self.write("lib/recrl.map", "rr_thing_create; rr_thing_count;")
        self.write("examples/meson.build", "'one'")
        self.write("examples/hosts/one.c", "rr_thing_create(&thing, &err); /* rr_thing_count(thing) */\n"
                                           "f(rr_thing_count);\n")
        self.says(contracts.every_function_is_shown(self.tree), "rr_thing_count")
        self.write("examples/hosts/two.c", "rr_thing_count(thing);\n")
        self.says(contracts.every_function_is_shown(self.tree), "examples/hosts/two.c")
        self.write("examples/meson.build", "'one', 'two'")
        self.assertEqual(contracts.every_function_is_shown(self.tree), [])

    def test_the_narrowest_line_counts(self):
        lines = contracts.headers.thread_rules(FRONT)
        for name, rule in (("rr_thing_memory", "any thread."), ("rr_thing_count", "beside one another."),
                           ("rr_thing_create", "one thread at a time for one thing."), ("rr_gae", None)):
            self.assertEqual(contracts.headers.thread_rule(name, lines), rule)


if __name__ == "__main__":
    TREE = sys.argv[1] if len(sys.argv) > 1 else TREE
    unittest.main(argv=sys.argv[:1], verbosity=1)
