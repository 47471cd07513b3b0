# SPDX-License-Identifier: MIT
"""The documents docs/01 … 06 on this tree, and each of their rules seen to fail on a fake one.

usage: test_theory.py TREE [LIBRARY FOLDER COMPILER…]     FOLDER: of the programs that pages run"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import course
import theory

TREE, LIBRARY, FOLDER, COMPILER = ".", None, None, ["cc"]


class TheseDocuments(unittest.TestCase):
    longMessage = False

    def holds(self, sentences):
        self.assertFalse(sentences, "\n  " + "\n  ".join(sentences))

    def test_are_there(self):
        self.holds(theory.they_are_there(TREE))

    def test_open_with_what_one_can_do(self):
        self.holds(theory.pages_open_with_what_one_can_do(TREE))

    def test_lead_on(self):
        self.holds(theory.pages_lead_on(TREE))

    def test_exercises_have_answers(self):
        self.holds(theory.exercises_have_answers(TREE))

    def test_shown_code_stands_in_the_tree(self):
        self.holds(theory.shown_code_stands_in_the_tree(TREE))

    def test_names_exist(self):
        self.holds(theory.names_exist(TREE))

    def test_map_has_every_room(self):
        self.holds(theory.the_map_has_every_room(TREE))

    def test_formulas_name_function_and_test(self):
        self.holds(theory.formulas_name_function_and_test(TREE))

    def test_sources_are_cited(self):
        self.holds(theory.sources_are_cited(TREE))

    def test_commands_print_what_is_said(self):
        if FOLDER is None:
            self.skipTest("no folder of programs was given")
        is_same = course.has_the_pages_digits(TREE, LIBRARY, COMPILER)
        self.holds(theory.commands_print_what_is_said(TREE, FOLDER, is_same))


PAGE = """# 5. One

After this page you can fail.

| room | what |
|---|---|
| `rl` | `formulas` |

A piece of `lib/rl/one.c`:

```c
    one();
    /* … */
    three();
```

`rri_one_compute` reads `rr_obs.states`.

```diff
+++ lib/rl/one.c
+    two();
@@
     two();
+    three();
```

```sh
echo one 1.25
```

```text
one 1.25
```

## 1. Part

    x = 1

Code: `rri_one_compute`; test: `tests/rl/test_one.c`.

## Exercises

1. A
2. B
3. C

## Answers

1. a
2. b
3. c
"""
INTRO = "\n".join(PAGE.splitlines()[:3]) + "\n\nSaid in [1], [2, 3].\n\n" + PAGE[PAGE.index("## Exercises"):] + """
## Sources

1. One.
2. Two.
3. Three.

Next: [on](02_rl_formulation.md).
"""
CODE = """void rri_one_compute(void)
{
    one();
    two();
    three();
}
"""


class TheRules(unittest.TestCase):
    """Each rule on a small fake tree: silent where it is right, a sentence where it is not."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        self.write("lib/rl/one.c", CODE)
        self.write("include/recrl/base.h", "typedef struct rr_obs {\n    float *states;\n} rr_obs;\n")
        self.write("tests/rl/test_one.c", "rri_one_compute();\n")
        self.write("docs/01_intro_recsys.md", INTRO)
        after = [*theory.PAGES[2:], "serving"]
        for name, target in zip(theory.PAGES[1:], after):
            self.write(f"docs/{name}.md", f"{PAGE}\nNext: [on]({target}.md).\n")

    def write(self, path, text):
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / path).write_text(text, encoding="utf-8")

    def change(self, path, before, after):
        text = (self.tree / path).read_text(encoding="utf-8")
        self.assertIn(before, text)
        self.write(path, text.replace(before, after, 1))

    def speaks(self, sentences, *words):
        self.assertTrue(sentences)
        for word in words:
            self.assertIn(word, sentences[0])

    def test_silent_on_a_good_tree(self):
        for rule in (theory.they_are_there, theory.pages_open_with_what_one_can_do,
                     theory.pages_lead_on, theory.exercises_have_answers, theory.shown_code_stands_in_the_tree,
                     theory.names_exist, theory.the_map_has_every_room, theory.formulas_name_function_and_test,
                     theory.sources_are_cited):
            self.assertEqual(rule(self.tree), [], rule.__name__)
        self.assertEqual(theory.commands_print_what_is_said(self.tree, self.tree), [])

    def test_missing_page(self):
        (self.tree / "docs/05_code_walkthrough.md").unlink()
        self.speaks(theory.they_are_there(self.tree), "docs/05_code_walkthrough.md")

    def test_page_that_opens_otherwise(self):
        self.change("docs/03_theory_ppo.md", "After this page you can", "This page is about how to")
        self.speaks(theory.pages_open_with_what_one_can_do(self.tree), "03_theory_ppo.md")

    def test_page_that_leads_nowhere(self):
        self.change("docs/04_theory_a2c.md", "(05_code_walkthrough.md)", "(03_theory_ppo.md)")
        self.speaks(theory.pages_lead_on(self.tree), "04_theory_a2c.md", "05_code_walkthrough.md")
        self.change("docs/05_code_walkthrough.md", "Next: ", "See ")
        self.assertEqual(len(theory.pages_lead_on(self.tree)), 2)

    def test_exercise_without_an_answer(self):
        self.change("docs/04_theory_a2c.md", "3. c\n", "")
        self.speaks(theory.exercises_have_answers(self.tree), "3 exercises and 2 answers")

    def test_line_that_changed(self):
        self.change("lib/rl/one.c", "    one();", "    one(1);")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "lib/rl/one.c", "one();")

    def test_line_that_came_between(self):
        self.change("docs/05_code_walkthrough.md", "    /* … */\n", "")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "does not have")

    def test_pieces_in_another_order(self):
        self.change("lib/rl/one.c", "    one();\n    two();\n    three();\n", "    three();\n    two();\n    one();\n")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "three();")

    def test_part_of_a_line_is_no_line(self):
        self.change("docs/05_code_walkthrough.md", "    three();\n```\n\n`rri", "    thr\n```\n\n`rri")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "thr")

    def test_diff_that_the_tree_does_not_have(self):
        self.change("docs/05_code_walkthrough.md", "+    two();", "+    four();")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "four();")
        self.change("docs/05_code_walkthrough.md", "+    four();", "-    two();")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "begin with +")

    def test_code_of_no_file(self):
        self.change("docs/05_code_walkthrough.md", "`lib/rl/one.c`", "`lib/rl/two.c`")
        self.speaks(theory.shown_code_stands_in_the_tree(self.tree), "lib/rl/two.c")

    def test_lines_that_changed_are_put_in(self):
        before = (self.tree / "docs/05_code_walkthrough.md").read_text(encoding="utf-8")
        theory.write(self.tree)
        self.assertEqual((self.tree / "docs/05_code_walkthrough.md").read_text(encoding="utf-8"), before)
        self.write("lib/rl/one.c", "/* new */\n" + CODE)
        self.change("docs/05_code_walkthrough.md", "    one();\n    /* … */\n    three();\n",
                    "void rri_one_compute(void)\n{\n    zero();\n    two();\n    three();\n}\n")
        self.change("docs/05_code_walkthrough.md", "+    three();\n", "+    four();\n")
        self.change("docs/05_code_walkthrough.md", "+    two();\n", "+    twos();\n")
        theory.write(self.tree)
        after = (self.tree / "docs/05_code_walkthrough.md").read_text(encoding="utf-8")
        self.assertIn("```c\n" + CODE + "```", after)
        self.assertIn("     two();\n+    three();\n", after)
        self.assertEqual(theory.shown_code_stands_in_the_tree(self.tree), [])

    def test_names_that_nothing_has(self):
        for before, after, word in (("`rri_one_compute` reads", "`rri_two_compute` reads", "rri_two_compute"),
                                    ("rr_obs.states", "rr_obs.energy", "rr_obs.energy"),
                                    ("`lib/rl/one.c`", "`lib/rl/gone.c`", "lib/rl/gone.c")):
            self.write("docs/02_rl_formulation.md", PAGE)
            self.change("docs/02_rl_formulation.md", before, after)
            self.speaks(theory.names_exist(self.tree), "02_rl_formulation.md", word)

    def test_room_that_the_map_lacks(self):
        self.write("lib/nn/two.c", "")
        self.speaks(theory.the_map_has_every_room(self.tree), "['nn', 'rl']")

    def test_formula_without_function_or_test(self):
        self.change("docs/03_theory_ppo.md", "Code: `rri", "See `rri")
        self.speaks(theory.formulas_name_function_and_test(self.tree), "1. Part", "No code")
        self.change("docs/03_theory_ppo.md", "See `rri_one_compute`", "Code: `rri_other`")
        self.speaks(theory.formulas_name_function_and_test(self.tree), "rri_other", "test_one.c")
        self.change("docs/03_theory_ppo.md", "Code: `rri_other`; test: `tests/rl/test_one.c`", "Code: somewhere")
        self.speaks(theory.formulas_name_function_and_test(self.tree), "needs a function and a test")

    def test_source_that_is_not_listed_or_not_cited(self):
        self.change("docs/01_intro_recsys.md", "[2, 3]", "[2, 4]")
        self.assertEqual(len(theory.sources_are_cited(self.tree)), 2)

    def prints(self, *same):
        return theory.commands_print_what_is_said(self.tree, self.tree, *same)

    def test_command_that_prints_otherwise_or_fails(self):
        self.change("docs/05_code_walkthrough.md", "echo one 1.25", "echo one 1.26")
        self.speaks(self.prints(), "1.26", "1.25")
        self.assertEqual(self.prints(False), [])
        self.change("docs/05_code_walkthrough.md", "echo one 1.26", "echo one 1.25; exit 3")
        self.speaks(self.prints(), "ends with 3")
        self.change("docs/05_code_walkthrough.md", "echo one 1.25; exit 3", "build/examples/one")
        self.speaks(self.prints(), "build/examples/one")
        self.write("one", "#!/bin/sh\necho one 1.25\n")
        (self.tree / "one").chmod(0o755)
        self.assertEqual(self.prints(), [])
        self.change("docs/05_code_walkthrough.md", "build/examples/one", "nowhere_to_be_found")
        self.speaks(self.prints(), "nowhere_to_be_found")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        TREE = sys.argv[1]
    if len(sys.argv) > 3:
        LIBRARY, FOLDER, COMPILER = sys.argv[2], sys.argv[3], sys.argv[4:]
    unittest.main(argv=sys.argv[:1])
