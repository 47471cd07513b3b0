# SPDX-License-Identifier: MIT
"""What every peer does alike: options, as many cores as it is given, timing, one line of JSON.

    import peer
    o = peer.options(__doc__, row="topk", num_items=1_000_000)   # --row, --num-items, and --threads, --quick
    import numpy                                                 # after options: it has set the threads
    peer.tell(o, "faiss " + faiss.__version__, "1 query", "ms", 1e3 * peer.best(o, search))
"""
import argparse
import json
import os
import time


def options(description, row, **defaults):
    """Reads the command line, then holds this process to --threads cores: the affinity, and the
    settings that the libraries read when they are imported."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", default=row, help="the row of docs/performance.md that this is a peer of")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a fraction of the work")
    for name, default in defaults.items():
        choices = default if isinstance(default, tuple) else None
        parser.add_argument("--" + name.replace("_", "-"), choices=choices,
                            type=type(choices[0]) if choices else type(default),
                            default=choices[0] if choices else default)
    o = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-o.threads:])
    for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
        os.environ[library + "_NUM_THREADS"] = str(o.threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    if o.threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return o


def best(o, run, seconds=2.0, most=50, least=3):
    """The smallest number of seconds that run() takes, after one call that warms up."""
    run()
    seconds = seconds / 5 if o.quick else seconds
    found, begin = [], time.perf_counter()
    while len(found) < most and (len(found) < least or time.perf_counter() - begin < seconds):
        t = time.perf_counter()
        run()
        found.append(time.perf_counter() - t)
    return min(found)


def latency(o, run, n=5000, rounds=5):
    """Median and 99th percentile of one call in seconds: of the round with the smallest p99."""
    n = n // 5 if o.quick else n
    for _ in range(n // 10):
        run()
    found = []
    for _ in range(rounds):
        times = []
        for _ in range(n):
            t = time.perf_counter()
            run()
            times.append(time.perf_counter() - t)
        times.sort()
        found.append((times[int(0.99 * n)], times[n // 2]))
    p99, p50 = min(found)
    return p50, p99


def tell(o, who, what, unit, theirs, p99=None, note=None):
    """who: name and version. what: the case within the row, spelt as our program spells it."""
    print(json.dumps(dict(row=o.row, peer=who, what=what, threads=o.threads, unit=unit, theirs=theirs,
                          p99=p99, note=note)), flush=True)
