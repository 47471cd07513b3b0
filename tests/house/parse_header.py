# SPDX-License-Identifier: MIT
"""The header as the generators of bindings read it: cffi takes the output of `cc -E -P` with RR_API
empty, libclang (which is what bindgen reads with) the header as it is. Both must know every exported
function, and agree with the C compiler on the size of every struct.

usage: parse_header.py TREE C_COMPILER        wants the packages cffi and libclang"""
import pathlib
import re
import subprocess
import sys
import tempfile

import cffi
import clang.cindex

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import test_header


def sizes_by_compiler(names):
    lines = "".join(f'printf("{n} %zu\\n", sizeof({n}));' for n in names)
    program = f"#include <recrl/recrl.h>\n#include <stdio.h>\nint main(void) {{ {lines} return 0; }}\n"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([test_header.CC, f"-I{test_header.TREE / 'include'}", "-x", "c", "-", "-o",
                        f"{folder}/sizes"], input=program, text=True, check=True)
        said = subprocess.run([f"{folder}/sizes"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: int(line.split()[1]) for line in said.splitlines()}


def by_cffi(text, structs):
    ffi = cffi.FFI()
    ffi.cdef(text)
    found = {name: ffi.sizeof(name) for name in structs}
    declared = {key.split()[1] for key in ffi._parser._declarations if key.startswith("function ")}
    return found, declared


def by_libclang(structs):
    index = clang.cindex.Index.create()
    include = subprocess.run([test_header.CC, "-print-file-name=include"], capture_output=True,
                             text=True, check=True).stdout.strip()
    unit = index.parse(str(test_header.TREE / "include/recrl/recrl.h"),
                       args=["-x", "c", "-std=c11", f"-I{test_header.TREE / 'include'}",
                             f"-isystem{include}"])
    said = [str(d) for d in unit.diagnostics]
    assert not said, said
    kinds = clang.cindex.CursorKind
    found, declared = {}, set()
    for cursor in unit.cursor.get_children():
        if cursor.kind == kinds.FUNCTION_DECL:
            declared.add(cursor.spelling)
        elif cursor.kind == kinds.TYPEDEF_DECL and cursor.spelling in structs:
            found[cursor.spelling] = cursor.underlying_typedef_type.get_size()
    return found, declared


def main():
    test_header.TREE, test_header.CC = pathlib.Path(sys.argv[1]), sys.argv[2]
    text = test_header.preprocessed()
    structs = test_header.structs_of(text)
    exported = set(re.findall(r"(rr_\w+);", (test_header.TREE / "lib/recrl.map").read_text()))
    sizes = sizes_by_compiler(structs)
    for name, (found, declared) in (("cffi", by_cffi(text, structs)),
                                    ("libclang", by_libclang(structs))):
        assert found == sizes, (name, set(found.items()) ^ set(sizes.items()))
        assert exported <= declared, (name, exported - declared)
        print(f"{name}: {len(found)} structs of the compiler's sizes, {len(exported)} functions")


if __name__ == "__main__":
    main()
