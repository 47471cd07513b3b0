# SPDX-License-Identifier: MIT
"""The quick tier of tests/run.sh, for tests in Python: RECRL_TIER=quick leaves what is long to the full
one, and says how much, which tally.py adds up."""
import atexit
import os
import unittest

IS_QUICK = os.environ.get("RECRL_TIER") == "quick"
left = []


def of_the_full_tier(test):
    """A test, or a class of tests, that the quick tier leaves out."""
    if IS_QUICK:
        left.extend([test] if not isinstance(test, type) else unittest.TestLoader().getTestCaseNames(test))
    return unittest.skipIf(IS_QUICK, "left to the full tier")(test)


@atexit.register
def tell():
    if left:
        print(f"left to the full tier: {len(left)}")
