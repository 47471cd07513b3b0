# SPDX-License-Identifier: MIT
"""PPO by hand in torch, as a user would write it in one file: dense head, environment in numpy."""
import peer

o = peer.options(__doc__, row="ppo-sb3", n_envs=8, n_steps=256, batch_size=64, epochs=10, num_items=1000, total=16384,
                 lr=3e-4, gamma=0.99, gae_lambda=0.95, what="minibatch 64")

import time

import torch
from torch import nn

from rec_env import RecVecEnv

torch.set_num_threads(o.threads)
torch.manual_seed(0)
N, T, ROWS = o.n_envs, o.n_steps, o.n_envs * o.n_steps


def mlp(n_out):
    return nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, n_out))


actor, critic = mlp(o.num_items), mlp(1)
params = [*actor.parameters(), *critic.parameters()]
optimizer = torch.optim.Adam(params, lr=o.lr, eps=1e-5, fused=True)
env = RecVecEnv(N, num_items=o.num_items)


@torch.no_grad()
def rollout(state):
    """T steps from `state`: rows of the update, and the state after them."""
    states, actions = torch.zeros(T, N, 64), torch.zeros(T, N, dtype=torch.long)
    log_probs, values, rewards, ends, final_values = (torch.zeros(T, N) for _ in range(5))
    for t in range(T):
        states[t] = s = torch.from_numpy(state)
        log_policy = torch.log_softmax(actor(s), -1)
        actions[t] = torch.multinomial(log_policy.exp(), 1)[:, 0]
        log_probs[t] = log_policy.gather(1, actions[t][:, None])[:, 0]
        values[t] = critic(s)[:, 0]
        state, reward, truncated, final = env.step(actions[t].numpy())
        rewards[t], ends[t] = torch.from_numpy(reward), torch.from_numpy(truncated).float()
        if truncated.any():
            final_values[t] = critic(torch.from_numpy(final))[:, 0]
    next_value, advantages, advantage = critic(torch.from_numpy(state))[:, 0], torch.zeros(T, N), torch.zeros(N)
    for t in reversed(range(T)):
        delta = rewards[t] + o.gamma * torch.where(ends[t] > 0, final_values[t], next_value) - values[t]
        advantage = delta + o.gamma * o.gae_lambda * (1 - ends[t]) * advantage
        advantages[t], next_value = advantage, values[t]
    rows = (states, actions, log_probs, advantages, advantages + values)
    return [x.reshape(ROWS, *x.shape[2:]) for x in rows], state


def update(rows):
    for _ in range(o.epochs):
        order = torch.randperm(ROWS)
        for k in range(0, ROWS, o.batch_size):
            states, actions, old, advantages, returns = (x[order[k:k + o.batch_size]] for x in rows)
            log_prob = torch.log_softmax(actor(states), -1).gather(1, actions[:, None])[:, 0]
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
            ratio = (log_prob - old).exp()
            policy_loss = torch.max(-advantages * ratio, -advantages * ratio.clamp(.8, 1.2)).mean()
            loss = policy_loss + .5 * ((critic(states)[:, 0] - returns) ** 2).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(params, .5)
            optimizer.step()


state = env.reset()
rows, state = rollout(state)
update(rows)
n_updates, begin = max(1, o.total // (4 if o.quick else 1) // ROWS), time.perf_counter()
for _ in range(n_updates):
    rows, state = rollout(state)
    update(rows)
peer.tell(o, "torch " + torch.__version__.split("+")[0], o.what, "steps/s",
          n_updates * ROWS / (time.perf_counter() - begin))
