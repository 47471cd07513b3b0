# SPDX-License-Identifier: MIT
"""The rules of the house (docs/design.md), each a function of a tree that returns sentences.

An empty list means that the rule holds. `tree` is the root of a work tree, this one or a fake."""
import pathlib
import re
import subprocess

import readme

GROUND_FLOOR = ("nn", "policy", "rl", "optim", "env", "data", "eval", "io", "buffer")
BELOW = {"math", "items", "core"}
PLAY = {"play", "model", *BELOW}
TRAIN = {"train", *PLAY, "nn", "policy", "rl", "optim", "buffer", "ledger"}
SERVE = {"serve", *PLAY}
AGENT = {"agent", *TRAIN, *SERVE}
MAY_INCLUDE = {
    "core": {"core"},
    "math": {"math", "core"},
    "items": {"items", "core"},
    **{room: {room, *BELOW} for room in GROUND_FLOOR},
    "policy": {"policy", "nn", *BELOW},
    "data": {"data", "io", *BELOW},
    "ledger": {"ledger", "buffer", *BELOW},
    "log": {"log", "io", *BELOW},
    "model": {"model", "nn", "policy", *BELOW},
    "play": {*PLAY, "policy"},
    "train": TRAIN,
    "serve": SERVE,
    "agent": AGENT,
    "store": {"store", *AGENT, "env", "io"},
    "api": {"api", "store", "log", *AGENT, *GROUND_FLOOR},
}

MOST_LINES_OF_A_FILE = 700
MOST_LINES_OF_A_FUNCTION = 100
MOST_COLUMNS = 100
TABLES = {"lib/core/config_tables.c", "lib/core/figure_tables.c"}  # a field a line, however long

# A library is a guest: it does not speak, leave, or ask the surroundings.
FORBIDDEN_CALLS = (
    "printf", "fprintf", "vprintf", "vfprintf", "puts", "fputs", "putchar", "perror",
    "exit", "_exit", "_Exit", "quick_exit", "abort", "atexit", "raise", "kill",
    "getenv", "setenv", "putenv", "secure_getenv", "setlocale", "signal", "sigaction",
    "rand", "srand", "random", "srandom", "system", "popen", "fork",
    "malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign", "strdup", "alloca")
ALLOCATION = {"malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign"}
MAY_ALLOCATE = "lib/core/memory.c"
# A libm gives no two machines the same bits of these. What IEEE 754 rounds (sqrt, fma, floor, …) is
# no danger; exp, log, tanh and their like are those of lib/math/ and lib/core/.
TRANSCENDENTAL = {
    name + suffix for suffix in ("", "f", "l") for name in (
        "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p", "pow", "sin", "cos", "tan",
        "sincos", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
        "cbrt", "hypot", "erf", "erfc", "tgamma", "lgamma")}

# What the library offers to tests alone, each with its reason.
FOR_TESTS = {
    "rri_kernels_at": "sets a level of instructions beside the one that is detected",
    "rri_kernels_force": "makes a level the one that is detected",
    "rri_tile_avx2": "stands behind BLIS's tile where that is linked",
    "rri_tile_avx512": "stands behind BLIS's tile where that is linked",
    "rri_machine_of": "judges CPUs that are not at hand",
    "rri_philox_block": "has published vectors",
    "rri_normal_turn": "is exact at the quarters, which draws do not show",
    "rri_interactions_add": "one row of the table's own tests",
}

# A file is written to with stdio's functions; only these say it to a stream of the process.
STREAMS = re.compile(r"\b(stdout|stderr|stdin)\b")

TOP_LEVEL = {".ci", ".clang-format", ".gitattributes", ".gitignore", "LICENSE", "README.md", "docs",
             "examples", "include", "lib", "meson.build", "meson_options.txt", "tests"}

SYSTEM_LIBRARIES = re.compile(r"^(libm\.so|libc\.so|libpthread\.so|ld-linux)")


def sources(tree, folder="lib", endings=(".c", ".h")):
    """Files below a folder, sorted, as paths relative to the tree."""
    root = pathlib.Path(tree)
    return sorted(p.relative_to(root) for p in (root / folder).rglob("*") if p.suffix in endings)


def read(tree, path):
    return (pathlib.Path(tree) / path).read_text(encoding="utf-8")


def code_of(text):
    """The text without comments, strings and characters; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: '""' * (m.group()[0] == '"') + "\n" * m.group().count("\n"),
                  text, flags=re.S)


def includes_follow_the_arrows(tree):
    found = []
    for path in sources(tree):
        room = path.parts[1]
        if room not in MAY_INCLUDE:
            found.append(f"{path}: there is no room called {room}")
            continue
        for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', read(tree, path), re.M):
            if name == "recrl/recrl.h":
                continue
            other = name.split("/")[0]
            if "/" not in name or other not in MAY_INCLUDE:
                found.append(f'{path} includes "{name}": write it from lib/, as "room/file.h"')
            elif other not in MAY_INCLUDE[room]:
                allowed = ", ".join(sorted(MAY_INCLUDE[room]))
                found.append(f'{path} includes "{name}": {room} may include {allowed}, not {other}')
    return found


def hosts_see_the_header_alone(tree):
    found = []
    for path in sources(tree, "examples"):
        for name in re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', read(tree, path), re.M):
            is_of_the_library = (pathlib.Path(tree) / "lib" / name).exists() or ".." in name
            if is_of_the_library:
                found.append(f'{path} includes "{name}": a host sees recrl/recrl.h alone')
    return found


def functions_declared(text):
    """Names of a header's prototypes; what is inline, a type or a table is none."""
    return re.findall(r"^(?!static\b|typedef\b|#)[A-Za-z_][^;={}#()]*?\b(rri_\w+)\s*\([^;{}]*\)\s*;",
                      code_of(text), re.M)


def every_header_has_its_test(tree):
    """Tests follow headers: a header may stand for several files. The headers of api are the public
    chapters, so there it is each file that has a test."""
    asking = [path for path in sources(tree, endings=(".h",)) if functions_declared(read(tree, path))]
    asking += [path for path in sources(tree, endings=(".c",)) if path.parts[1] == "api"]
    return [f"{path} has no {test}" for path in asking
            if not (pathlib.Path(tree) / (test := f"tests/{path.parts[1]}/test_{path.stem}.c")).exists()]


def tests_that_replace_functions_stand_alone(tree):
    """The test files of a room are linked as one program: what one of them defines under a name of
    the library's would be called by the tests of all the others."""
    builds = {path: read(tree, path) for path in sources(tree, "tests", (".build",))}
    lone = re.search(r"lone_tests = \[(.*?)\]", builds[pathlib.Path("tests/meson.build")], re.S).group(1)
    definition = re.compile(r"^(?!static\b|typedef\b)[a-z_][\w *]*[ *](\w+)\([^;{}]*\)\s*\{", re.M)
    found = []
    listed = "".join(re.findall(r"^unit_tests \+?= \[.*?\],?\n?\]", "\n".join(builds.values()), re.M | re.S))
    for room, name in re.findall(r"\['(\w+)', '(\w+)'\]", listed):
        text = read(tree, path := f"tests/{room}/test_{name}.c")
        own = definition.findall(code_of(text)) + re.findall(r'^#include "(.+\.c)"', text, re.M)
        if own and f"'{room}/{name}'" not in lone:
            found.append(f"{path} has {own[0]} for all tests of its room: make it static, or name the "
                         "file in lone_tests of tests/meson.build")
    return found


def file_names_are_unique(tree):
    found, home = [], {}
    for path in sources(tree):
        if path.name in home:
            found.append(f"{path} and {home[path.name]} have one name; file names are unique in lib/")
        home.setdefault(path.name, path)
    return found


def files_are_short(tree):
    return [f"{path} has {n} lines; at most {MOST_LINES_OF_A_FILE}"
            for path in sources(tree)
            if (n := read(tree, path).count("\n")) > MOST_LINES_OF_A_FILE]


def lines_are_short(tree):
    return [f"{path}:{number} has {len(line)} columns; at most {MOST_COLUMNS}"
            for folder in ("include", "lib", "examples", "tests")
            for path in sources(tree, folder) if str(path) not in TABLES
            for number, line in enumerate(read(tree, path).splitlines(), 1)
            if len(line) > MOST_COLUMNS]


def functions_are_short(tree):
    """A function's braces stand in column 0 (.clang-format)."""
    found = []
    for path in sources(tree, endings=(".c",)):
        begin = None
        for number, line in enumerate(read(tree, path).splitlines(), 1):
            if line == "{":
                begin = number
            elif line == "}" and begin is not None:
                if number - begin > MOST_LINES_OF_A_FUNCTION:
                    found.append(f"{path}:{begin} is a function of {number - begin} lines; "
                                 f"at most {MOST_LINES_OF_A_FUNCTION}")
                begin = None
    return found


def the_library_is_a_guest(tree):
    found = []
    for path in sources(tree):
        for number, line in enumerate(code_of(read(tree, path)).splitlines(), 1):
            for name in re.findall(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(", line):
                if name not in FORBIDDEN_CALLS:
                    continue
                if name in ALLOCATION and str(path) == MAY_ALLOCATE:
                    continue
                found.append(f"{path}:{number} calls {name}; "
                             + (f"memory comes from {MAY_ALLOCATE} alone" if name in ALLOCATION
                                else "the library does not"))
            if STREAMS.search(line):
                found.append(f"{path}:{number} names a standard stream; the library is silent")
    return found


def no_libm_transcendental(tree):
    return [f"{path}:{number} calls {name}; use the one of lib/math/ or lib/core/ (same bytes everywhere)"
            for path in sources(tree)
            for number, line in enumerate(code_of(read(tree, path)).splitlines(), 1)
            for name in re.findall(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(", line) if name in TRANSCENDENTAL]


def symbols(nm_output):
    """Of nm -A -P of object files: what each defines for others, and what it wants of others."""
    defined, wanted = {}, {}
    for line in nm_output.splitlines():
        fields = line.split()
        if len(fields) >= 3 and (kind := fields[2])[0].isupper():
            place = wanted if kind == "U" else defined
            place.setdefault(fields[1], set()).add(fields[0])
    return defined, wanted


def objects_call_no_libm_transcendental(nm_output):
    """What a compiler makes a call of, whatever the source says."""
    _, wanted = symbols(nm_output)
    return [f"{', '.join(sorted(wanted[name]))} calls {name}"
            for name in sorted(wanted) if name.split("@")[0] in TRANSCENDENTAL]


def every_symbol_is_wanted(nm_output):
    """A function of the house that no other object calls is static, or not in lib/."""
    defined, wanted = symbols(nm_output)
    lonely = {name: places for name, places in defined.items()
              if name.startswith("rri_") and not wanted.get(name, set()) - places}
    return [f"{name} of {', '.join(sorted(places))} is wanted by no other object of the library; "
            "make it static, or take it out" for name, places in sorted(lonely.items())
            if name not in FOR_TESTS] + [
        f"FOR_TESTS names {name}, which {'others want' if name in defined else 'is not there'}"
        for name in sorted(FOR_TESTS)
        if name not in lonely and not name.startswith("rri_tile_")]


def no_loose_ends(tree):
    return [f"{path}:{number} says {match.group()}; finish it or file it"
            for path in sources(tree) + sources(tree, "include") + sources(tree, "examples")
            for number, line in enumerate(read(tree, path).splitlines(), 1)
            if (match := re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line))]


def every_file_names_its_licence(tree):
    found = []
    for folder in ("lib", "include", "examples", "tests"):
        for path in sources(tree, folder, (".c", ".h", ".py", ".sh", ".rs", ".go")):
            if "SPDX-License-Identifier: MIT" not in read(tree, path)[:400]:
                found.append(f"{path} has no line SPDX-License-Identifier: MIT at its head")
    return found


def exported_functions_live_in_api(tree):
    found = []
    for path in sources(tree, endings=(".c",)):
        if path.parts[1] == "api":
            continue
        for name in re.findall(r"^(?!static\b)[A-Za-z_][^;={}#]*?\b(rr_\w+)\s*\([^;{}]*\)\s*\{",
                               code_of(read(tree, path)), re.M):
            found.append(f"{path} defines {name}; exported functions are defined in lib/api alone")
    return found


def names_in_header(tree):
    return set(re.findall(r"\bRR_API\b[^;(]*?\b(rr_\w+)\s*\(",
                          "\n".join(code_of(read(tree, path)) for path in sources(tree, "include"))))


def prototypes(tree):
    """(name, [parameter, …]) of every exported function."""
    text = "\n".join(code_of(read(tree, path)) for path in sources(tree, "include"))
    for name, parameters in re.findall(r"\bRR_API\b[^;(]*?\b(rr_\w+)\s*\(([^;]*)\)\s*;", text):
        yield name, [" ".join(parameter.split()) for parameter in parameters.split(",")]


def is_output(parameter):
    return "*" in parameter and not parameter.startswith("const ")


def a_host_is_the_last_input(tree):
    """The header's order of arguments: inputs, of which a host is the last, outputs, err."""
    return [f"{name}: {parameter} stands behind the host, which is the last of the inputs"
            for name, parameters in prototypes(tree)
            for at, host in enumerate(parameters) if host.startswith("const rr_host *")
            for parameter in parameters[at + 1:] if not is_output(parameter)] + [
           f"{name}: {parameter} is written and stands before the host, an input"
            for name, parameters in prototypes(tree)
            for at, host in enumerate(parameters) if host.startswith("const rr_host *")
            for parameter in parameters[1:at]
            if is_output(parameter) and not re.match(r"rr_\w+ \*", parameter)]


def every_create_says_its_memory(tree):
    names = names_in_header(tree)
    return [f"{name} has no {memory}, which says what it will take"
            for name in sorted(names)
            if (create := re.fullmatch(r"(rr_[a-z]+)_create(_\w+)?", name))
            and (memory := f"{create.group(1)}_memory") not in names]


def names_in_map(tree):
    return set(re.findall(r"\b(rr_\w+)\s*;", read(tree, "lib/recrl.map")))


def difference(one, other, one_name, other_name):
    return ([f"{name} is in {one_name} and not in {other_name}" for name in sorted(one - other)]
            + [f"{name} is in {other_name} and not in {one_name}" for name in sorted(other - one)])


def header_and_map_agree(tree):
    return difference(names_in_header(tree), names_in_map(tree), "recrl.h", "recrl.map")


def header_and_library_agree(tree, nm_output):
    """nm_output: of nm -D --defined-only."""
    symbols = {line.split()[-1].split("@")[0] for line in nm_output.splitlines() if line.strip()}
    symbols -= {"LIBRECRL_0.1"}
    return difference(names_in_header(tree), symbols, "recrl.h", "the library")


def the_library_needs_little(readelf_output):
    """readelf_output: of readelf -d."""
    return [f"the library needs {name}; libm, libc and pthreads are all it may need"
            for name in re.findall(r"\(NEEDED\).*\[(.+?)\]", readelf_output)
            if not SYSTEM_LIBRARIES.match(name)]


def the_library_calls_itself(relocations):
    """relocations: of readelf -rW. A function of its own that it leaves to the loader could be the
    host's, or that of a second copy."""
    return [f"the library leaves its own {name} to the loader ({kind}); link with -Bsymbolic-functions"
            for kind, name in re.findall(r"\b(R_\w+)\s+\w+\s+(rri?_\w+)", relocations)]


def the_library_binds_at_once(dynamic):
    """dynamic: of readelf -dW."""
    is_now = re.search(r"\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b", dynamic)
    return [] if is_now else ["the library binds lazily; link with -z now"]


def one_version(tree):
    """The version has its home in meson.build; the header repeats it."""
    build = re.search(r"version : '(\d+)\.(\d+)\.(\d+)'", read(tree, "meson.build"))
    header = read(tree, "include/recrl/base.h")
    said = tuple(re.search(rf"#define RR_VERSION_{part} (\d+)", header).group(1)
                 for part in ("MAJOR", "MINOR", "PATCH"))
    return [] if build.groups() == said else [
        f"meson.build says version {'.'.join(build.groups())}, base.h {'.'.join(said)}"]


def libraries_go_to_lib(tree):
    """Below /usr/local, lib is where Debian's loader and pkg-config look; meson's own choice is lib64 in
    a Debian without dpkg-dev."""
    options = re.search(r"default_options : \[(.*?)\]", read(tree, "meson.build"), re.S)
    return [] if options and "'libdir=lib'" in options.group(1) else [
        "meson.build leaves libdir to meson; say 'libdir=lib' in default_options"]


def pages_show_what_is_compiled(tree):
    """Each block of C in README stands in examples/hosts/request.c as it is, each of docs/serving.md in
    walk.c, operate.c, moving_catalogue.c, schema_change.c or watch.c, each of docs/log_format.md in tail.c."""
    wrong = []
    for page, host in (("README.md", "request.c"), ("docs/serving.md", "walk.c operate.c moving_catalogue.c schema_change.c watch.c"),
                       ("docs/log_format.md", "tail.c")):
        compiled = "\n".join(read(tree, f"examples/hosts/{name}") for name in host.split())
        shown = readme.blocks(read(tree, page))
        wrong += [] if shown else [f"{page} has no ```c block"]
        wrong += [f"{page} shows what examples/hosts/{host} does not have: {block.splitlines()[0]}"
                  for block in shown if block not in compiled]
    return wrong


def documents(tree):
    """README and every page of docs, as paths relative to the tree."""
    root = pathlib.Path(tree)
    return [pathlib.Path("README.md"), *sorted(p.relative_to(root) for p in (root / "docs").rglob("*.md"))]


def prose_is_wrapped(tree):
    """At most MOST_COLUMNS columns, but for rows of tables, blocks of code, pictures and addresses."""
    found = []
    for path in documents(tree):
        is_code = False
        for number, line in enumerate(read(tree, path).splitlines(), 1):
            is_code ^= line.startswith("```")
            if len(line) > MOST_COLUMNS and not is_code and not line.lstrip().startswith(("|", "![", "<http")):
                found.append(f"{path}:{number} has {len(line)} columns; at most {MOST_COLUMNS}")
    return found


def docs_name_what_exists(tree):
    """Functions, and paths below lib/, tests/, examples/ and docs/ (R: any room), that the prose names
    in backticks."""
    root, found = pathlib.Path(tree), []
    code = "\n".join(read(tree, path) for folder in ("lib", "include") for path in sources(tree, folder, (".h",)))
    known = set(re.findall(r"\brri?_\w+", code)) | set(re.findall(r"\brr_\w+", code))
    for path in map(str, documents(tree)):
        for quoted in re.findall(r"`([^`\n]+)`", read(tree, path)):
            for name in re.findall(r"\brri?_[a-z0-9_]+[a-z0-9]\b(?![*…])", quoted):
                if name not in known:
                    found.append(f"{path} names {name}, which no header has")
            is_path = re.fullmatch(r"(lib|tests|examples|docs)/[\w./]+", quoted)
            if is_path and "/R/" not in quoted and not (root / quoted).exists():
                found.append(f"{path} names {quoted}, which does not exist")
    return found


def top_level_is_tidy(tree, tracked):
    """tracked: the lines of git ls-files."""
    entries = sorted({line.split("/")[0] for line in tracked if line})
    return [f"{name} does not belong at the top level" for name in entries if name not in TOP_LEVEL]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
