# SPDX-License-Identifier: MIT
"""Peer of bench_load: the same file read by pandas, and users and items numbered in the order of appearance.

    load_pandas.py FILE-OF-RATINGS is --file; without it a file of --rows rows is written."""
import os
import tempfile

import peer

o = peer.options(__doc__, row="load", file="", rows=20_000_000)
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402


def write(path, n):
    rng = np.random.default_rng(0)
    with open(path, "w") as out:
        out.write("userId,movieId,rating,timestamp\n")
        for first in range(0, n, 1_000_000):
            m = min(1_000_000, n - first)
            items = 1 + rng.integers(0, 27000, m) * rng.random(m)
            frame = dict(u=(first + np.arange(m)) // 144 + 1, i=items.astype(np.int64),
                         r=rng.integers(1, 10, m) / 2, t=789652009 + rng.integers(0, 638000000, m))
            pd.DataFrame(frame).to_csv(out, header=False, index=False)


def main():
    rows = o.rows // 10 if o.quick else o.rows
    path = o.file
    if not path:
        handle, path = tempfile.mkstemp(suffix=".csv")
        os.close(handle)
        write(path, rows)

    def run():
        frame = pd.read_csv(path, dtype={"userId": np.int64, "movieId": np.int64, "rating": np.float32})
        users, items = pd.factorize(frame["userId"])[0], pd.factorize(frame["movieId"])[0]
        return len(frame), users, items

    n = run()[0]
    seconds = peer.best(o, run, most=3, least=2)
    what = "a file" if o.file else f"{rows // 1_000_000} million rows"
    peer.tell(o, "pandas " + pd.__version__, what, "rows/s", n / seconds)
    if not o.file:
        os.unlink(path)


main()
