# SPDX-License-Identifier: MIT
"""The library calls its own functions although a host, or something that was loaded for all to see,
has functions of the same names: every exported name is taken by an impostor that says so.

usage: test_interpose.py TREE LIBRARY COMPILER…"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rules

TREE, LIBRARY, COMPILER = ".", None, ["cc"]

# Loads its first argument after its second, and makes a buffer: create clears it.
HOST = """#include <dlfcn.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <string.h>

typedef rr_status create_buffer(rr_buffer **, const rr_buffer_config *, const rr_host *, rr_error *);

int main(int argc, char **argv)
{
    if (argc > 2 && dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL) == NULL) {
        return puts(dlerror()), 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    void *found = library != NULL ? dlsym(library, "rr_buffer_create") : NULL;
    if (found == NULL) {
        return puts(dlerror()), 2;
    }
    create_buffer *create;
    memcpy(&create, &found, sizeof create);
    rr_buffer *buffer = NULL;
    const rr_status status = create(&buffer, NULL, NULL, NULL);
    return printf("status %d\\n", (int)status), 0;
}
"""


def impostors(names):
    """A C source in which each name is a function that says that it was called."""
    return "#include <stdio.h>\n" + "".join(
        f'int {name}(void);\nint {name}(void) {{ return puts("{name} of somebody else"); }}\n'
        for name in sorted(names))


def compiled(folder, name, sources, *flags):
    paths = []
    for i, source in enumerate(sources):
        paths.append(pathlib.Path(folder) / f"{name}_{i}.c")
        paths[-1].write_text(source, encoding="utf-8")
    binary = pathlib.Path(folder) / name
    include = f"-I{pathlib.Path(TREE).resolve()}/include"
    subprocess.run([*COMPILER, include, *map(str, paths), *flags, "-o", str(binary), "-ldl"], check=True)
    return str(binary)


class NamesThatOthersHave(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = held.name
        self.others = impostors(rules.names_in_map(TREE))
        self.library = str(pathlib.Path(LIBRARY).resolve())

    def test_a_host_has_functions_of_these_names(self):
        host = compiled(self.folder, "host", [HOST, self.others], "-rdynamic")
        self.assertEqual(rules.run(host, self.library), "status 0\n")

    def test_something_loaded_for_all_to_see_has_them(self):
        host = compiled(self.folder, "host", [HOST])
        other = compiled(self.folder, "other.so", [self.others], "-shared", "-fPIC")
        self.assertEqual(rules.run(host, self.library, other), "status 0\n")

    def test_the_impostors_are_found_where_somebody_looks(self):
        """They would be heard: the host asks for its function, and gets theirs."""
        asks = HOST.replace("dlsym(library,", "dlsym(RTLD_DEFAULT,")
        asks = "#define _GNU_SOURCE\n" + asks
        host = compiled(self.folder, "host", [asks, self.others], "-rdynamic")
        self.assertIn("rr_buffer_create of somebody else", rules.run(host, self.library))


if __name__ == "__main__":
    TREE, LIBRARY, COMPILER = sys.argv[1], sys.argv[2], sys.argv[3:] or COMPILER
    unittest.main(argv=sys.argv[:1], verbosity=1)
