# SPDX-License-Identifier: MIT
"""Exact top-100 by inner product among 64-wide vectors with faiss's flat index."""
import peer

o = peer.options(__doc__, row="topk", num_items=1_000_000, k=100)

import faiss
import numpy as np

faiss.omp_set_num_threads(o.threads)
rng = np.random.default_rng(0)
index = faiss.IndexFlatIP(64)
index.add(rng.standard_normal((o.num_items, 64), dtype=np.float32))
queries = rng.standard_normal((256, 64), dtype=np.float32)
for n, what in ((1, "1 query"), (256, "256 queries")):
    seconds = peer.best(o, lambda: index.search(queries[:n], o.k), least=2 if n > 1 else 5)
    peer.tell(o, "faiss " + faiss.__version__, f"{o.num_items} items, {what}", "ms", 1e3 * seconds)
