# SPDX-License-Identifier: MIT
"""Policy-gradient step of an exact softmax over a catalogue in torch: forward and backward of
-(A log pi(a)) - c H for a batch of rows, gradients of rows, item vectors and biases."""
import peer

o = peer.options(__doc__, row="softmax", rows=256, num_items=100_000, width=64, what="100000 items")

import resource

import torch

torch.set_num_threads(o.threads)
torch.manual_seed(0)
q = torch.randn(o.rows, o.width, requires_grad=True)
items = (torch.randn(o.num_items, o.width) * .1).requires_grad_()
bias = torch.zeros(o.num_items, requires_grad=True)
actions, advantages = torch.randint(0, o.num_items, (o.rows,)), torch.randn(o.rows)


def step():
    log_policy = torch.log_softmax(q @ items.T + bias, -1)
    log_prob = log_policy.gather(1, actions[:, None])[:, 0]
    entropy = -(log_policy.exp() * log_policy).sum(-1)
    loss = -(advantages * log_prob).mean() - .01 * entropy.mean()
    q.grad = items.grad = bias.grad = None
    loss.backward()


is_large = o.num_items > 200_000
seconds = peer.best(o, step, most=2 if is_large else 10, least=1 if is_large else 3)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-9
peer.tell(o, "torch " + torch.__version__.split("+")[0], o.what, "ms", 1e3 * seconds, note=f"{peak:.1f} GB at most")
