# SPDX-License-Identifier: MIT
"""What the comment of a public function must say, held against the code: the statuses that it may
return, what it costs, and which threads may call it.

Each rule is a function of a tree that returns sentences; an empty list means that it holds."""
import pathlib
import re
import sys

import rules

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs/reference"))
import headers  # noqa: E402

# Calls through a pointer that a table fills: what a body has, and what it may lead to.
POINTERS = {
    "algorithm->update(": ("rri_train_loop_epochs", "rri_train_loop_once"),
    "policy_loss(": (),
}

# Statuses that a called function can return, but not in this call; with the reason.
_OF_DECISIONS = "only a decision's blob has lists and a log-prob"
_OF_TABLES = "the names of fields come from the library's own tables"
_OF_WRITERS = "a description of a file that says the same twice over"
_OF_RESETS = "asks for no session that has begun"
NEVER = {
    "rr_outcome_encode": {"RR_E_MISMATCH": _OF_DECISIONS},
    "rr_ending_encode": {"RR_E_MISMATCH": _OF_DECISIONS, "RR_E_NOT_FINITE": _OF_DECISIONS},
    "rr_outcome_decode": {"RR_E_MISMATCH": _OF_DECISIONS, "RR_E_NOT_FOUND": _OF_DECISIONS},
    "rr_ending_decode": {"RR_E_MISMATCH": _OF_DECISIONS, "RR_E_NOT_FOUND": _OF_DECISIONS},
    "rr_blob_next": {"RR_E_FORMAT": "passes damaged blobs"},
    **{name: {"RR_E_MISMATCH": "its reader is made for it", "RR_E_NOT_FOUND": _OF_TABLES,
              "RR_E_STATE": _OF_WRITERS} for name in ("rr_policy_save", "rr_policy_save_memory")},
    "rr_rows_read": {status: "what is wrong with a blob is counted, and not returned" for status in
                     ("RR_E_FORMAT", "RR_E_MISMATCH", "RR_E_TOO_SMALL", "RR_E_VERSION")},
    "rr_items_save": {"RR_E_STATE": _OF_WRITERS},
    "rr_items_compact": {"RR_E_NOT_FINITE": "its vectors are those of a catalogue"},
    "rr_checkpoint_save": {"RR_E_NOT_FOUND": _OF_TABLES},
    "rr_checkpoint_save_memory": {"RR_E_NOT_FOUND": _OF_TABLES},
    **{name: {"RR_E_STATE": _OF_RESETS}
       for name in ("rr_env_reset", "rr_env_seed", "rr_env_get_config", "rr_env_mean_user",
                    "rr_env_fit_agent_config")},
}

STATUS = re.compile(r"\bRR_E_[A-Z_]+\b")


class Bodies:
    """The functions of lib/: which statuses each names as an answer, and which functions it names."""

    def __init__(self, tree):
        self.places, self.bodies = {}, {}
        for path in rules.sources(tree):
            text = rules.code_of(rules.read(tree, path))
            for match in re.finditer(r"^(?P<head>[A-Za-z_][^;{}#]*?\b(?P<name>\w+)\s*\([^;{}]*\))\s*"
                                     r"\n\{\n(?P<body>.*?)^\}", text, re.M | re.S):
                key = (match["name"], str(path))
                self.bodies[key] = match["body"]
                is_static = "static" in match["head"].split()
                self.places.setdefault(match["name"], []).append((str(path), is_static))

    def named(self, name, path):
        """The functions that a name in a file may mean: the file's own first."""
        places = self.places.get(name, [])
        own = [(name, place) for place, _ in places if place == path]
        return own or [(name, place) for place, is_static in places if not is_static]

    def answers(self, key):
        """Statuses in a body that are no comparison and no case."""
        body = re.sub(r"[!=]=\s*RR_E_\w+|\bcase RR_E_\w+", "", self.bodies[key])
        return set(STATUS.findall(body))

    def leads_to(self, key):
        body = self.bodies[key]
        for name in set(re.findall(r"\b[a-z_]\w+\b", body)):
            yield from self.named(name, key[1])
        for call, names in POINTERS.items():
            if call in body:
                for name in names:
                    yield from self.named(name, key[1])

    def statuses(self, name):
        """Statuses that a call of the function may come to, each with a function that answers so."""
        waiting = self.named(name, "")
        seen, found = set(waiting), {}
        while waiting:
            key = waiting.pop()
            for status in self.answers(key):
                found.setdefault(status, key[0])
            for other in self.leads_to(key):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return found


def all_functions(tree):
    """(chapter, its cost, name, type, comment) of every public function."""
    for path in headers.chapters(tree):
        text = path.read_text(encoding="utf-8")
        for name, returned, comment, _ in headers.functions(text):
            yield path.name, headers.cost_of_chapter(text), name, returned, comment


def every_function_has_a_comment(tree):
    """Of its own; only the inits, which are alike, stand together below one."""
    return [f"{path.name}: {name} has no comment of its own" for path in headers.chapters(tree)
            for name, _, comment, own in headers.functions(path.read_text(encoding="utf-8"))
            if not headers.parts(comment)[""].strip() or not own and not name.endswith("_init")]


def every_function_names_its_cost(tree):
    return [f"{chapter}: neither {name} nor the head of its chapter says Cost:"
            for chapter, of_chapter, name, _, comment in all_functions(tree)
            if not headers.parts(comment).get("Cost", "").strip() and not of_chapter]


def every_function_names_its_statuses(tree):
    """But for RR_OK and the two that may come from all."""
    bodies, found = Bodies(tree), []
    for chapter, _, name, returned, comment in all_functions(tree):
        said = set(STATUS.findall(comment)) - headers.COMMON
        if returned != "rr_status":
            continue
        never = NEVER.get(name, {})
        reached = bodies.statuses(name)
        reached = {status: by for status, by in reached.items() if status not in headers.COMMON}
        found += [f"{chapter}: {name} may return {status} ({reached[status]}); its comment does not say "
                  "so" for status in sorted(set(reached) - said - set(never))]
        found += [f"{chapter}: the comment of {name} names {status}, which nothing that it calls returns"
                  for status in sorted(said - set(reached))]
        found += [f"NEVER says that {name} does not return {status}; "
                  + ("its comment says that it does" if status in said else "no path leads there")
                  for status in sorted(never) if status in said or status not in reached]
    return found


def every_function_has_its_thread_rule(tree):
    lines = headers.thread_rules(headers.chapters(tree)[0].read_text(encoding="utf-8"))
    names = [name for _, _, name, _, _ in all_functions(tree)]
    found = [f"recrl.h has no line of {name} under \"What may run beside what\"" for name in names
             if headers.thread_rule(name, lines) is None]
    for patterns, _ in lines:
        for pattern in patterns:
            expression = re.escape(pattern).replace(r"\*", r"\w+")
            if not any(re.fullmatch(expression, name) for name in names):
                found.append(f"recrl.h says what may run beside {pattern}, which is no function")
    return found


def every_field_has_a_comment(tree):
    """Behind each field of a struct and each constant, one a line; struct_size, kind and reserved are the
    same in all structs."""
    found = []
    for path in headers.chapters(tree)[1:]:
        text = path.read_text(encoding="utf-8")
        for struct, body in re.findall(r"^typedef struct (rr_\w+) \{(.*?)^\} \1;", text, re.S | re.M):
            body = re.sub(r"^\s*/\*.*?\*/", "", body, flags=re.S | re.M)
            for code, comment in re.findall(r"([^;]*);([ \t]*/\*.*?\*/)?", body, re.S):
                callback = re.search(r"\(\*(\w+)\)", code)
                names = [callback.group(1)] if callback else re.findall(r"(\w+)(?:\[\d+\])?\s*(?:,|$)",
                                                                        code.strip())
                if len(names) > 1:
                    found.append(f"{path.name}: {struct} declares {', '.join(names)} together; one a line")
                found += [f"{path.name}: {struct}.{name} has no comment behind it" for name in names
                          if not comment and name not in ("struct_size", "kind", "reserved")]
        for name, comment in re.findall(r"^\s+(RR_\w+) = -?\d+,?([ \t]*/\*)?", text, re.M):
            found += [] if comment else [f"{path.name}: {name} has no comment behind it"]
    return found


def chapters_are_in_reading_order(tree):
    """The vocabulary first, the lab last: a formatter that sorts includes undoes that."""
    paths = headers.chapters(tree)[1:]
    is_lab = ["the lab: " in path.read_text(encoding="utf-8")[:200] for path in paths]
    found = [] if paths[0].name == "base.h" else [f"recrl.h begins with {paths[0].name}; base.h comes first"]
    return found + [f"recrl.h has {paths[i + 1].name} behind the lab's {paths[i].name}"
                    for i in range(len(paths) - 1) if is_lab[i] and not is_lab[i + 1]]


def every_function_is_shown(tree):
    """Each exported function is called in a C program of examples/, and each of examples/hosts is built
    (and so tested) by its name."""
    code = "\n".join(rules.code_of(rules.read(tree, path)) for path in rules.sources(tree, "examples", (".c",)))
    called = set(re.findall(r"\b(rr_\w+)\s*\(", code))
    build = rules.read(tree, "examples/meson.build")
    return [f"{name} is called in no program of examples/" for name in sorted(rules.names_in_map(tree) - called)
            ] + [f"{path} is not in examples/meson.build" for path in rules.sources(tree, "examples/hosts", (".c",))
                 if f"'{path.stem}'" not in build]
