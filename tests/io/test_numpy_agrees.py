# SPDX-License-Identifier: MIT
"""numpy's own files are read, and ours are read by numpy: the same numbers. Skipped (77) without numpy."""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from numpy.lib import format as npy
except ImportError:
    print("SKIPPED: numpy is not installed")
    sys.exit(77)

program = sys.argv[1]
rng = np.random.default_rng(1)
with tempfile.TemporaryDirectory() as folder:
    given, made = pathlib.Path(folder, "in.npy"), pathlib.Path(folder, "out.npy")
    for shape in [(3, 4), (1, 1), (0, 5), (20000, 3), (7,)]:
        for dtype in ("<f4", "<f8"):
            for version in [(1, 0), (2, 0), (3, 0)]:
                values = rng.normal(size=shape).astype(dtype)
                with open(given, "wb") as out:
                    npy.write_array(out, values, version=version)
                subprocess.run([program, given, made], check=True)
                back = np.load(made)
                assert back.dtype == np.float32
                assert np.array_equal(back, values.astype(np.float32).reshape(back.shape))
                assert back.shape == (shape if len(shape) == 2 else (shape[0], 1))
    for values, word in [(np.asfortranarray(rng.normal(size=(3, 4))), "Fortran"), (np.arange(4), "'<i8'"),
                         (np.zeros((2, 2), ">f4"), "'>f4'"), (np.zeros((2, 2, 2)), "3 dimensions"),
                         (np.zeros(()), "0 dimensions"), (np.array([1.0, np.nan]), "at [1][0]"),
                         (np.array([[1e300]]), "1e+300 at [0][0]")]:
        np.save(given, values)
        done = subprocess.run([program, given, made], capture_output=True, text=True)
        assert done.returncode == 1 and word in done.stderr, (word, done.stderr)
print("numpy", np.__version__, "agrees")
