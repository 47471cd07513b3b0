# SPDX-License-Identifier: MIT
"""shorten.py BASE_H OUT: the chapter as a release before had it: without what its structs reserve."""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as chapter:
    text = chapter.read()
text, n_cut = re.subn(r"^ */\* Reserved from here on:.*?(?=^\} rr_)", "", text, flags=re.M | re.S)
assert n_cut == 3, f"{n_cut} structs with a reserved end, not 3"
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write(text)
