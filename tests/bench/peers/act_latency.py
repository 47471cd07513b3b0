# SPDX-License-Identifier: MIT
"""One decision: from a state to an item drawn, its log-probability and the state's value, in torch, in
torch.jit, and in onnxruntime with and without the draw."""
import peer

o = peer.options(__doc__, row="decide", num_items=1000, what="1000 items")

import os
import tempfile
import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.set_num_threads(o.threads)
torch.manual_seed(0)


def mlp(n_out):
    return nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, n_out))


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.actor, self.critic = mlp(o.num_items), mlp(1)

    def forward(self, states):
        return torch.log_softmax(self.actor(states), -1), self.critic(states)


def drawn_by(model, state):
    def decide():
        with torch.no_grad():
            log_probs, value = model(state)
            action = torch.multinomial(log_probs.exp(), 1)
            return action, log_probs.gather(1, action), value
    return decide


def session_of(model, state):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = o.threads
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "policy.onnx")
        torch.onnx.export(model, (state,), path, dynamo=False, input_names=["states"],
                          output_names=["log_probs", "values"])
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def tell(who, decide):
    p50, p99 = peer.latency(o, decide, n=2000)
    peer.tell(o, who, o.what, "us", 1e6 * p50, p99=1e6 * p99)


model, state = ActorCritic().eval(), torch.randn(1, 64)
version = torch.__version__.split("+")[0]
tell("torch " + version, drawn_by(model, state))
tell("torch.jit " + version, drawn_by(torch.jit.trace(model, state), state))

session, rows, rng = session_of(model, state), {"states": state.numpy()}, np.random.default_rng(0)


def draw_after_session():
    log_probs, value = session.run(None, rows)
    action = int(np.argmax(log_probs[0] + rng.gumbel(size=o.num_items)))
    return action, log_probs[0, action], value


tell(f"onnxruntime {onnxruntime.__version__} + numpy's draw", draw_after_session)
tell(f"onnxruntime {onnxruntime.__version__}, forward alone", lambda: session.run(None, rows))
