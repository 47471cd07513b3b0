# SPDX-License-Identifier: MIT
"""Peer of bench_als: the same alternating least squares in numpy, in double: a matrix product for each row's
equations, then all rows of a side in one batched solve.

    als_numpy.py [--file data/ml-100k/ml-100k.inter] [--threads N] [--quick]

Where the file is not there, as many random ratings of as many users and items as it has."""
import pathlib

import peer

o = peer.options(__doc__, row="als", file="data/ml-100k/ml-100k.inter", factors=30, sweeps=12)
import numpy as np  # noqa: E402

PRIOR, RIDGE, USER_BIAS, ITEM_BIAS = 20, 0.1, 2.0, 4.0


def read():
    """users, items, ratings and the words for them."""
    if not pathlib.Path(o.file).is_file():
        rng = np.random.default_rng(1)
        users = rng.integers(0, 1 + rng.integers(0, 943, 100000))
        items = rng.integers(0, 1 + rng.integers(0, 1682, 100000))
        return users, items, rng.integers(1, 6, 100000).astype(float), "random ratings"
    columns = np.loadtxt(o.file, skiprows=1, usecols=(0, 1, 2))
    users = np.unique(columns[:, 0], return_inverse=True)[1]
    items = np.unique(columns[:, 1], return_inverse=True)[1]
    return users, items, columns[:, 2], f"{o.sweeps} sweeps"


class Side:
    """The ratings grouped by one of the two columns."""

    def __init__(self, rows, others, ratings, bias_ridge):
        order = np.argsort(rows, kind="stable")
        self.others, self.ratings, self.bias_ridge = others[order], ratings[order], bias_ridge
        self.starts = np.concatenate([[0], np.cumsum(np.bincount(rows))])
        self.unknowns = np.zeros((len(self.starts) - 1, o.factors + 1))

    def solve(self, fixed, mean):
        n, w = self.unknowns.shape
        A, b = np.zeros((n, w, w)), np.zeros((n, w))
        features = np.hstack([fixed.unknowns[:, :-1], np.ones((len(fixed.unknowns), 1))])[self.others]
        targets = self.ratings - mean - fixed.unknowns[self.others, -1]
        for r in range(n):
            at = slice(self.starts[r], self.starts[r + 1])
            A[r] = features[at].T @ features[at]
            b[r] = targets[at] @ features[at]
        ridge = RIDGE * (np.diff(self.starts) + PRIOR)
        A[:, range(w - 1), range(w - 1)] += ridge[:, None]
        A[:, w - 1, w - 1] += self.bias_ridge
        self.unknowns = np.linalg.solve(A, b[:, :, None])[:, :, 0]


def main():
    users, items, ratings, what = read()
    held_out = np.random.default_rng(0).random(len(ratings)) < 0.1
    train = ~held_out
    rmse = []

    def run():
        mean = ratings[train].mean()
        sides = [Side(users[train], items[train], ratings[train], USER_BIAS),
                 Side(items[train], users[train], ratings[train], ITEM_BIAS)]
        for side, column in zip(sides, (users, items)):  # rows whose ratings are all held out
            missing = column.max() + 1 - len(side.unknowns)
            side.unknowns = np.vstack([side.unknowns, np.zeros((missing, o.factors + 1))])
            side.starts = np.concatenate([side.starts, np.full(missing, side.starts[-1])])
        sides[1].unknowns[:, :-1] = 0.1 * np.random.default_rng(0).normal(size=(len(sides[1].unknowns), o.factors))
        for _ in range(o.sweeps):
            sides[0].solve(sides[1], mean)
            sides[1].solve(sides[0], mean)
        x, y = (side.unknowns[column[held_out]] for side, column in zip(sides, (users, items)))
        guess = mean + x[:, -1] + y[:, -1] + (x[:, :-1] * y[:, :-1]).sum(1)
        rmse.append(np.sqrt(((ratings[held_out] - guess) ** 2).mean()))

    seconds = peer.best(o, run)
    peer.tell(o, "numpy " + np.__version__, f"{o.factors} factors, {what}", "ms", 1e3 * seconds,
              note=f"held-out RMSE {rmse[-1]:.4f}")


main()
