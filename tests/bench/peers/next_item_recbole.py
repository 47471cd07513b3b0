# SPDX-License-Identifier: MIT
"""SASRec and GRU4Rec of RecBole on MovieLens-100k: the next film, leave one out, all films ranked.

Each user's last film is the test, the one before it the validation. The settings are RecBole's own:
its defaults for the model, Adam at 0.001 in batches of 2048, after each epoch a validation by MRR@10,
and the end after ten of them without a better one. Films of the same second are in the order of the
file, as in examples/hosts/next_item.c: the times that RecBole reads are numbers of that order.
"new" leaves out what a user has seen, which RecBole does not for models of sequences.

    python3.11 -m venv ENV && ENV/bin/pip install -r requirements_recbole.txt
    ENV/bin/python next_item_recbole.py --data data/ml-100k/ml-100k.inter --model SASRec --first-seed 300
"""
import csv
import json
import math
import os
import sys
import tempfile
import time

import peer

o = peer.options(__doc__, row="next-item", data="data/ml-100k/ml-100k.inter", model=("SASRec", "GRU4Rec"), seeds=1,
                 first_seed=1, most_epochs=300, out="")

import torch  # noqa: E402  after options: it has set the threads
from recbole.config import Config  # noqa: E402
from recbole.data import create_dataset, data_preparation  # noqa: E402
from recbole.utils import get_model, get_trainer, init_seed  # noqa: E402

torch.set_num_threads(o.threads)


def write_in_order(path, folder):
    """The interactions with their places in time as times. Single floats hold these, not seconds."""
    with open(path, newline="") as file:
        lines = list(csv.reader(file, delimiter="\t"))[1:]
    lines.sort(key=lambda line: float(line[3]))
    os.makedirs(f"{folder}/ordered")
    with open(f"{folder}/ordered/ordered.inter", "w") as file:
        file.write("user_id:token\titem_id:token\trating:float\ttimestamp:float\n")
        for place, line in enumerate(lines):
            file.write(f"{line[0]}\t{line[1]}\t{line[2]}\t{place}\n")


def settings(folder, seed):
    return Config(model=o.model, dataset="ordered", config_dict={
        "data_path": folder,
        "checkpoint_dir": folder,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"LS": "valid_and_test"}, "group_by": "user", "order": "TO", "mode": "full"},
        "train_neg_sample_args": None,
        "metrics": ["Recall", "NDCG", "MRR"],
        "topk": [10],
        "epochs": o.most_epochs,
        "seed": seed,
        "reproducibility": True,
        "use_gpu": False,
        "show_progress": False,
        "state": "ERROR",
    })


def rank_by_hand(model, data, excludes_seen):
    """Recall@10 and NDCG@10 of a loader of whole catalogues: the second opinion, and what is new."""
    hits, gain, n = 0, 0.0, 0
    for interaction, _, rows, items in data:
        scores = model.full_sort_predict(interaction).view(len(interaction), -1)
        scores[:, 0] = -math.inf  # the padding
        if excludes_seen:
            scores.scatter_(1, interaction["item_id_list"], -math.inf)
            for row, user in enumerate(interaction["user_id"].tolist()):
                scores[row, SEEN[user]] = -math.inf
        ranks = (scores[rows] > scores[rows, items].unsqueeze(1)).sum(1)
        hits += int((ranks < 10).sum())
        gain += float((1.0 / torch.log2(ranks[ranks < 10].double() + 2.0)).sum())
        n += len(ranks)
    return hits / n, gain / n


SEEN = {}  # user: items of its training rows, the padding among them


def run(folder, seed):
    config = settings(folder, seed)
    init_seed(seed, config["reproducibility"])
    dataset = create_dataset(config)
    train, valid, test = data_preparation(config, dataset)
    rows = train.dataset.inter_feat
    for user, item, past in zip(*(rows[name].tolist() for name in ("user_id", "item_id", "item_id_list"))):
        SEEN.setdefault(user, set()).update([item, *past])
    for user, items in SEEN.items():
        SEEN[user] = sorted(items)
    model = get_model(config["model"])(config, train.dataset).to(config["device"])
    trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, model)
    begin_cpu, begin = time.process_time(), time.perf_counter()
    epochs = []

    def told(epoch, score):
        epochs.append(score)
        print(f"{o.model} seed {seed} epoch {epoch}: {score:.4f} after {time.process_time() - begin_cpu:.0f} s",
              file=sys.stderr, flush=True)

    best, _ = trainer.fit(train, valid, verbose=False, saved=True, show_progress=False, callback_fn=told)
    cpu, wall = time.process_time() - begin_cpu, time.perf_counter() - begin
    result = trainer.evaluate(test, load_best_model=True, show_progress=False)
    model.eval()
    with torch.no_grad():
        plain, new = rank_by_hand(model, test, False), rank_by_hand(model, test, True)
    if max(abs(plain[0] - result["recall@10"]), abs(plain[1] - result["ndcg@10"])) > 2e-4:
        raise SystemExit(f"two ways to rank do not agree: {plain} and {dict(result)}")
    return {"row": o.row, "model": o.model, "seed": seed, "rows": len(train.dataset), "epochs": len(epochs),
            "valid_mrr": best, "recall": plain[0], "ndcg": plain[1], "recall_new": new[0], "ndcg_new": new[1],
            "cpu_seconds": cpu, "wall_seconds": wall, "cpu_seconds_an_epoch": cpu / len(epochs)}


with tempfile.TemporaryDirectory() as folder:
    write_in_order(o.data, folder)
    for seed in range(o.first_seed, o.first_seed + o.seeds):
        line = json.dumps(run(folder, seed))
        print(line, flush=True)
        if o.out:
            with open(o.out, "a") as file:
                file.write(line + "\n")
