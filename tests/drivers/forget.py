# SPDX-License-Identifier: MIT
"""forget.py WALK_C OUT FIELD: the host with one field of its request left unset."""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as host:
    text = host.read()
text, n_changed = re.subn(rf"(\.{sys.argv[3]} = )(&[\w>-]+)", r"\1false ? \2 : NULL", text, count=1)
assert n_changed == 1, f"no field {sys.argv[3]} in {sys.argv[1]}"
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write("#include <stdbool.h>\n" + text)
