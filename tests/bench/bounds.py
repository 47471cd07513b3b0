#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much of the best known play a softmax of each form can earn in the synthetic world at its defaults,
whoever learns it: the first table of docs/design.md §6. Scores are searched on a grid, each point played
by the same users. Needs numpy.

    python3 tests/bench/bounds.py [--users 200] [--seed 0]"""
import argparse

import numpy

ITEMS, WIDTH, STEPS, DECAY = 1000, 32, 20, 0.9


def play(world, rng, scores, is_greedy=False):
    """Mean reward a step of the policy softmax(scores(similarity, counts, last items))."""
    items, users = world
    similarity = users @ items.T
    rows, counts = numpy.arange(len(users)), numpy.zeros_like(similarity)
    last, earned = numpy.zeros_like(users), 0.0
    for _ in range(STEPS):
        z = scores(similarity, counts, last @ items.T)
        noise = 0.0 if is_greedy else rng.gumbel(size=z.shape)
        shown = numpy.argmax(z + noise, axis=1)
        gain = similarity[rows, shown]
        earned += numpy.where(gain >= 0, gain * DECAY ** counts[rows, shown], gain).sum()
        counts[rows, shown] += 1
        last = items[shown]
    return earned / (STEPS * len(users))


def decayed(similarity, counts, _):
    return numpy.where(similarity >= 0, similarity * DECAY**counts, similarity)


def best(world, seed, form, *grids):
    """The largest reward over a grid, and where it is."""
    points = numpy.array(numpy.meshgrid(*grids)).reshape(len(grids), -1).T
    found = [(play(world, numpy.random.default_rng(seed), lambda s, n, v: form(s, n, v, *p)), p) for p in points]
    return max(found, key=lambda x: x[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    o = parser.parse_args()
    rng = numpy.random.default_rng(o.seed)
    world = rng.normal(0, WIDTH**-0.5, (ITEMS, WIDTH)), rng.normal(0, 1, (o.users, WIDTH))
    top = play(world, rng, decayed, is_greedy=True)
    print(f"always the best item, no memory {100 * play(world, rng, lambda s, n, v: s, is_greedy=True) / top:6.1f} %")
    for name, form, grids in (
            ("τ u·v", lambda s, n, v, t: t * s, [(2.5, 3, 3.5, 4, 5, 6)]),
            ("τ (u − c·v_last)·v", lambda s, n, v, t, c: t * (s - c * v), [(4, 5, 6, 7, 8, 10), (0.5, 0.75, 1, 1.25, 1.5)]),
            ("τ u·v − κ count", lambda s, n, v, t, k: t * s - k * n, [(100, 200, 400, 800), (25, 50, 100, 200)])):
        reward, point = best(world, o.seed, form, *grids)
        print(f"best softmax over {name:20s} {100 * reward / top:6.1f} %   at {', '.join(f'{x:g}' for x in point)}")


if __name__ == "__main__":
    main()
