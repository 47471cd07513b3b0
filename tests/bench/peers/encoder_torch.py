# SPDX-License-Identifier: MIT
"""Agents with torch.nn.GRU and torch.nn.TransformerEncoderLayer(norm_first=True) over what a session was shown:
one decision in torch and in onnxruntime, and PPO's update by hand in torch. Histories are padded behind to the
longest of all rows; a Transformer masks what is not there."""
import peer

o = peer.options(__doc__, row="encoder", work=("all", "decide", "update"), kind=("both", "gru", "transformer"))

import os
import tempfile
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.set_num_threads(o.threads)
torch.manual_seed(0)
STATE, DIM, WIDTH, HIDDEN, LIST, PAST, POOL = 64, 32, 64, 64, 300, 50, 10000
SESSIONS, STEPS, EPOCHS, MINIBATCH, ITEMS = 64, 20, 4, 256, 1000
ROWS = SESSIONS * STEPS
VERSION = "torch " + torch.__version__.split("+")[0]


def mlp(n_out):
    return nn.Sequential(nn.Linear(STATE + WIDTH, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh(),
                         nn.Linear(HIDDEN, n_out))


class Agent(nn.Module):
    def __init__(self, is_transformer, past):
        super().__init__()
        self.is_transformer = is_transformer
        if is_transformer:
            layer = nn.TransformerEncoderLayer(WIDTH, 2, 2 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True)
            self.input = nn.Linear(DIM + 1, WIDTH)
            self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.register_buffer("mask", torch.full((past, past), float("-inf")).triu(1))
        else:
            self.gru = nn.GRU(DIM + 1, WIDTH, batch_first=True)
        self.actor, self.critic, self.skip = mlp(DIM), mlp(1), nn.Linear(STATE + WIDTH, DIM, bias=False)

    def encode(self, tokens, last):
        """The encoding at place `last` [n] of each row; 0 where that is −1."""
        if self.is_transformer:
            n = tokens.shape[1]
            outputs = self.layers(self.input(tokens), mask=self.mask[:n, :n], is_causal=True)
        else:
            outputs = self.gru(tokens)[0]
        at = last.clamp(min=0)[:, None, None].expand(-1, 1, WIDTH)
        return outputs.gather(1, at)[:, 0] * (last >= 0)[:, None]

    def forward(self, states, tokens, last, items):
        seen = torch.cat([states, self.encode(tokens, last)], -1)
        query = self.skip(seen) + .125 * self.actor(seen)
        scores = torch.einsum("nd,nkd->nk", query, items) if items.dim() == 3 else query @ items.T
        return torch.log_softmax(scores, -1), self.critic(seen)[:, 0]


def tell_decision(is_transformer):
    what = "Transformer 64 × 2 × 2, 50 of history" if is_transformer else "GRU 64, 50 of history"
    model, pool = Agent(is_transformer, PAST).eval(), torch.randn(POOL, DIM)
    state, rewards, last = torch.randn(1, STATE), torch.randn(1, PAST, 1), torch.tensor([PAST - 1])
    history, candidates = torch.randint(POOL, (1, PAST)), torch.randint(POOL, (1, LIST))

    def inputs():
        return state, torch.cat([pool[history], rewards], -1), last, pool[candidates]

    @torch.inference_mode()
    def decide():
        log_probs, value = model(*inputs())
        action = torch.multinomial(log_probs.exp(), 1)
        return action, log_probs.gather(1, action), value

    p50, p99 = peer.latency(o, decide, n=500)
    peer.tell(o, VERSION, what, "us", 1e6 * p50, p99=1e6 * p99)
    try:
        import onnxruntime
    except ImportError:
        return
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = o.threads
    names = ["states", "tokens", "last", "items"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "policy.onnx")
        torch.onnx.export(model, inputs(), path, dynamo=False, input_names=names, output_names=["log_probs", "values"])
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rows = {name: x.numpy() for name, x in zip(names, inputs())}
    p50, p99 = peer.latency(o, lambda: session.run(None, rows), n=500)
    peer.tell(o, f"onnxruntime {onnxruntime.__version__}, forward alone", what, "us", 1e6 * p50, p99=1e6 * p99)


def tell_update(is_transformer, is_sessions):
    what = f"{'Transformer' if is_transformer else 'GRU'}, {'64 sessions of 20' if is_sessions else 'rows of 20 alone'}"
    model, items = Agent(is_transformer, STEPS), torch.randn(ITEMS, DIM)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4, eps=1e-5, fused=True)
    tokens = torch.randn(ROWS, STEPS, DIM + 1)
    last = torch.arange(ROWS) % STEPS - 1 if is_sessions else torch.full((ROWS,), STEPS - 1)
    states, actions = torch.randn(ROWS, STATE), torch.randint(ITEMS, (ROWS,))
    old, advantages, returns = torch.full((ROWS,), -6.9), torch.randn(ROWS), torch.randn(ROWS)

    def update():
        for _ in range(EPOCHS):
            order = torch.randperm(ROWS)
            for k in range(0, ROWS, MINIBATCH):
                rows = order[k:k + MINIBATCH]
                log_probs, values = model(states[rows], tokens[rows], last[rows], items)
                ratio = (log_probs.gather(1, actions[rows][:, None])[:, 0] - old[rows]).exp()
                a = advantages[rows]
                a = (a - a.mean()) / (a.std() + 1e-8)
                loss = torch.max(-a * ratio, -a * ratio.clamp(.8, 1.2)).mean() + .5 * ((values - returns[rows]) ** 2).mean()
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), .5)
                optimizer.step()

    seconds = peer.best(o, update)
    o.row = "encoder-update"
    peer.tell(o, VERSION, what, "rows/s", ROWS / seconds)


for is_transformer in ([False, True] if o.kind == "both" else [o.kind == "transformer"]):
    if o.work in ("all", "decide"):
        o.row = "encoder"
        tell_decision(is_transformer)
    if o.work in ("all", "update"):
        for is_sessions in (False, True):
            tell_update(is_transformer, is_sessions)
