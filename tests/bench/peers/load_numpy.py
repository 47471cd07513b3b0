# SPDX-License-Identifier: MIT
"""Peer of bench_load: a file of ratings read by numpy.loadtxt, users and items numbered.

    load_numpy.py [--file FILE] [--rows 2000000]      without FILE one of that many rows is written"""
import os
import tempfile

import peer

o = peer.options(__doc__, row="load", file="", rows=2_000_000, what="")
import numpy as np  # noqa: E402


def write(path, n):
    rng = np.random.default_rng(0)
    items = 1 + (27000 * rng.random(n) * rng.random(n)).astype(np.int64)
    columns = [np.arange(n) // 144 + 1, items, rng.integers(1, 10, n) / 2, 789652009 + rng.integers(0, 638000000, n)]
    np.savetxt(path, np.column_stack(columns), fmt=("%d", "%d", "%.1f", "%d"), delimiter=",", comments="",
               header="userId,movieId,rating,timestamp")


def main():
    rows = o.rows // 10 if o.quick else o.rows
    path = o.file
    if not path:
        handle, path = tempfile.mkstemp(suffix=".csv")
        os.close(handle)
        write(path, rows)

    def run():
        table = np.loadtxt(path, delimiter=",", skiprows=1)
        users, items = (np.unique(table[:, c], return_inverse=True)[1] for c in (0, 1))
        return len(table), users, items

    n = run()[0]
    seconds = peer.best(o, run, most=3, least=2)
    what = o.what or ("a file" if o.file else f"{rows} rows")
    peer.tell(o, "numpy " + np.__version__, what, "rows/s", n / seconds)
    if not o.file:
        os.unlink(path)


main()
