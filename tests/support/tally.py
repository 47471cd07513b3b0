# SPDX-License-Identifier: MIT
"""Counts the tests of a meson run: tally.py testlog.json

Each program's own count is taken from its output: libcheck's "100%: Checks: 7, Failures: 0, Errors: 0"
or unittest's "Ran 7 tests". A program that says nothing of the kind is one test. One that failed
or died without naming a failed test counts as one failure more. Prints a line for each program that
failed; the last line is "PASSED FAILED LEFT", where LEFT tests said that they are the full tier's."""
import json
import re
import sys

LIBCHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.M)
UNITTEST_FAILED = re.compile(r"(?:failures|errors)=(\d+)")
TELLING = re.compile(r":[FE]:|^(FAIL|ERROR): |^  (?!File )\S"
                     r"|ERROR: \w+Sanitizer|runtime error:|^    #[0-5] |^==\d+== +(at|by|[A-Z])|^broken: ")
LEFT = re.compile(r"^left to the full tier: (\d+)", re.M)
UNITTEST_SKIPPED = re.compile(r"skipped=(\d+)")


def count(result, output):
    """(passed, failed) of one program."""
    is_ok = result in ("OK", "EXPECTEDFAIL")
    if result == "SKIP":
        return 0, 0
    total, failed = 0, 0
    for checks, failures, errors in LIBCHECK.findall(output):
        total += int(checks)
        failed += int(failures) + int(errors)
    for match in UNITTEST.finditer(output):
        verdict = output[match.end():]
        total += int(match.group(1)) - sum(map(int, UNITTEST_SKIPPED.findall(verdict)))
        failed += sum(map(int, UNITTEST_FAILED.findall(verdict)))
    if total == 0:
        return (1, 0) if is_ok else (0, 1)
    if not is_ok and failed == 0:
        return total, 1
    return max(total - failed, 0), failed


def main(path):
    passed = failed = left = 0
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            test = json.loads(line)
            output = test.get("stdout", "") + "\n" + test.get("stderr", "")
            good, bad = count(test["result"], output)
            passed, failed = passed + good, failed + bad
            left += sum(map(int, LEFT.findall(output)))
            if bad:
                print(f"FAIL  {test['name']}: {bad} failed, {test['result'].lower()}, "
                      f"exit code {test['returncode']}")
                for row in output.splitlines():
                    if TELLING.search(row):
                        print("      " + row)
    print(passed, failed, left)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
