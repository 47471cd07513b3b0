# SPDX-License-Identifier: MIT
"""The course of docs/course/01 … 07 on this tree, and each of its rules seen to fail on a fake one.

usage: test_course.py TREE LIBRARY COMPILER…"""
import concurrent.futures
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import course
import tier

TREE, LIBRARY, COMPILER = ".", None, ["cc"]


class ThisCourse(unittest.TestCase):
    longMessage = False

    def holds(self, sentences):
        self.assertFalse(sentences, "\n  " + "\n  ".join(sentences))

    def test_is_whole(self):
        self.holds(course.the_course_is_whole(TREE))

    def test_pages_lead_on(self):
        self.holds(course.pages_lead_on(TREE))

    def test_links_lead_somewhere(self):
        self.holds(course.links_lead_somewhere(TREE))

    def test_exercises_have_answers(self):
        self.holds(course.exercises_have_answers(TREE))

    def test_programs_are_small(self):
        self.holds(course.programs_are_small(TREE))

    def test_programs_print_what_the_pages_say(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        paths = course.pages(TREE)[::3] if tier.IS_QUICK else course.pages(TREE)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda path: course.page_prints_what_it_says(path, TREE, LIBRARY, COMPILER), paths)
            self.holds([sentence for sentences in found for sentence in sentences])


PAGE = """# One

```c
#include <recrl/recrl.h>
#include <stdio.h>

int main(void)
{
    printf("%s\\n", rr_status_name(RR_OK));
    return 0;
}
```

prints

```text
RR_OK
```

## Exercises

1. Why?
2. Where?
3. When?

## Answers

1. So.
2. There.
3. Then.

[on](../serving.md)
"""


class TheRules(unittest.TestCase):
    """Each rule on a small fake tree: silent where it is right, a sentence where it is not."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = pathlib.Path(self.folder.name)
        self.write("docs/serving.md", "# Serving\n")
        self.write("docs/course/01_one.md", PAGE)
        self.write("README.md", "[course](docs/course/01_one.md)\n")
        for header in (pathlib.Path(TREE) / "include/recrl").glob("*.h"):
            self.write(f"include/recrl/{header.name}", header.read_text(encoding="utf-8"))

    def write(self, path, text):
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / path).write_text(text, encoding="utf-8")

    def change(self, before, after):
        self.assertIn(before, PAGE)
        self.write("docs/course/01_one.md", PAGE.replace(before, after, 1))

    def change_again(self, before, after):
        path = self.tree / "docs/course/01_one.md"
        path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")

    def speaks(self, sentences, *words):
        self.assertEqual(len(sentences), 1, sentences)
        for word in words:
            self.assertIn(word, sentences[0])

    def test_silent_on_a_good_tree(self):
        self.assertEqual(course.the_course_is_whole(self.tree, 1), [])
        for rule in (course.pages_lead_on, course.links_lead_somewhere,
                     course.exercises_have_answers, course.programs_are_small):
            self.assertEqual(rule(self.tree), [], rule.__name__)

    def test_missing_page(self):
        self.speaks(course.the_course_is_whole(self.tree, 2), "[1]", "1 to 2")
        self.write("docs/course/03_three.md", PAGE)
        self.speaks(course.the_course_is_whole(self.tree, 2), "[1, 3]")

    def test_long_page(self):
        self.write("docs/course/01_one.md", PAGE + "\n" * 200)
        self.speaks(course.the_course_is_whole(self.tree, 1), "docs/course/01_one.md", "at most 200")

    def test_page_that_leads_nowhere(self):
        self.change("[on](../serving.md)", "on")
        self.speaks(course.pages_lead_on(self.tree), "docs/course/01_one.md", "serving.md")
        self.write("README.md", "# recrl\n")
        self.assertEqual(len(course.pages_lead_on(self.tree)), 2)

    def test_link_that_leads_nowhere(self):
        self.change("serving.md", "gone.md#part")
        self.speaks(course.links_lead_somewhere(self.tree), "docs/course/01_one.md", "gone.md")

    def test_exercise_without_an_answer(self):
        self.change("3. Then.\n", "")
        self.speaks(course.exercises_have_answers(self.tree), "3 exercises and 2 answers")

    def test_page_without_a_program_or_its_output(self):
        self.change("```text", "```sh")
        self.speaks(course.programs_are_small(self.tree), "```text block")
        self.change("int main(", "int other(")
        self.speaks(course.programs_are_small(self.tree), "with a main")

    def test_page_with_code_that_is_not_compiled(self):
        self.change("prints\n", "```c\nint x;\n```\n")
        self.speaks(course.programs_are_small(self.tree), "one ```c block")

    def test_long_program(self):
        self.change("    return 0;\n", "    ;\n" * 60 + "    return 0;\n")
        self.speaks(course.programs_are_small(self.tree), "at most 60")
        self.change("    return 0;\n", "    return 0; /* " + "wide " * 20 + "*/\n")
        self.speaks(course.programs_are_small(self.tree), "columns wide")

    def prints(self):
        return course.page_prints_what_it_says(self.tree / "docs/course/01_one.md", self.tree, LIBRARY, COMPILER)

    def test_program_that_prints_something_else(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.assertEqual(self.prints(), [])
        self.change("RR_OK\n```", "RR_KO\n```")
        self.speaks(self.prints(), '"RR_OK"', '"RR_KO"')
        self.change("RR_OK\n```", "RR_OK\nRR_OK\n```")
        self.speaks(self.prints(), "prints")
        self.change("RR_OK\n```", "```")
        self.speaks(self.prints(), "prints")

    def test_digits_may_differ_where_the_numbers_are_another_class(self):
        self.assertEqual(course.without_digits("lr 0.1: -3.2e-04 and  7"), "lr 0: 0 and 0")
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.change("rr_status_name(RR_OK)", '"is 1.25 long"')
        self.change_again("RR_OK\n```", "is 1.26 long\n```")
        true = course.has_the_pages_digits
        self.addCleanup(setattr, course, "has_the_pages_digits", true)
        for is_same, n in ((True, 1), (False, 0)):
            course.has_the_pages_digits = lambda *_, is_same=is_same: is_same
            self.assertEqual(len(self.prints()), n)

    def test_the_class_of_numbers_is_that_of_the_cpu(self):
        cpu = pathlib.Path("/proc/cpuinfo")
        if LIBRARY is None or not cpu.exists():
            self.skipTest("no library was given, or nothing says what the CPU is")
        flags = set(cpu.read_text(encoding="utf-8").split())
        self.assertEqual(course.has_the_pages_digits(self.tree, LIBRARY, COMPILER), {"avx2", "fma"} <= flags)

    def test_program_that_is_warned_of_or_fails(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.change("    return 0;\n", "    int unused;\n    return 0;\n")
        self.speaks(self.prints(), "does not compile", "unused")
        self.change("    return 0;\n", "    return 3;\n")
        self.speaks(self.prints(), "ends with 3")

    def test_writes_what_is_printed(self):
        if LIBRARY is None:
            self.skipTest("no library was given")
        self.change("RR_OK\n```", "old\nold\n```")
        course.write(self.tree, LIBRARY, COMPILER)
        self.assertEqual((self.tree / "docs/course/01_one.md").read_text(encoding="utf-8"), PAGE)


if __name__ == "__main__":
    TREE = sys.argv[1] if len(sys.argv) > 1 else TREE
    LIBRARY = sys.argv[2] if len(sys.argv) > 2 else LIBRARY
    COMPILER = sys.argv[3:] or COMPILER
    unittest.main(argv=sys.argv[:1], verbosity=1)
