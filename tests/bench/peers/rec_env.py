# SPDX-License-Identifier: MIT
"""The world of docs/maths.md §1 (no drift, no leave rule), vectorised in numpy, so that peers train on the
same work as rr_env gives."""
import numpy as np


class RecVecEnv:
    def __init__(self, n_envs, num_items=1000, state_dim=64, max_steps=20, reward_decay=0.9, seed=0):
        self.rng = np.random.default_rng(seed)
        self.d, self.n, self.num_items, self.state_dim = state_dim // 2, n_envs, num_items, state_dim
        self.max_steps, self.decay = max_steps, reward_decay
        self.items = (self.rng.standard_normal((num_items, self.d)) / np.sqrt(self.d)).astype(np.float32)
        self.state = np.zeros((n_envs, state_dim), np.float32)
        self.shown = np.zeros((n_envs, num_items), np.int32)
        self.t = np.zeros(n_envs, np.int64)
        self.rows = np.arange(n_envs)
        self._restart(self.rows)

    def _restart(self, rows):
        self.state[rows, :self.d] = self.rng.standard_normal((len(rows), self.d)).astype(np.float32)
        self.state[rows, self.d:] = 0
        self.shown[rows] = 0
        self.t[rows] = 0

    def reset(self):
        self._restart(self.rows)
        return self.state.copy()

    def step(self, action):
        """Next states (ended sessions begun anew), rewards, truncated flags, and the states before that."""
        v = self.items[action]
        sim = np.einsum("nd,nd->n", self.state[:, :self.d], v)
        reward = np.where(sim > 0, sim * self.decay ** self.shown[self.rows, action], sim)
        self.shown[self.rows, action] += 1
        self.state[:, self.d:] = v
        self.t += 1
        truncated = self.t >= self.max_steps
        final = self.state.copy()
        if truncated.any():
            self._restart(np.nonzero(truncated)[0])
        return self.state.copy(), reward.astype(np.float32), truncated, final


def share_of_best(policy, sessions=512, **arguments):
    """Reward of policy(states, env) over that of the best play with the true history, for the same users."""
    env = RecVecEnv(sessions, **arguments)
    sim = env.state[:, :env.d] @ env.items.T
    shown, best, got = np.zeros_like(sim), 0.0, 0.0
    for _ in range(env.max_steps):
        reward = np.where(sim > 0, sim * env.decay ** shown, sim)
        action = reward.argmax(1)
        best += reward[env.rows, action].mean()
        shown[env.rows, action] += 1
    state = env.state.copy()
    for _ in range(env.max_steps):
        state, reward, _, _ = env.step(policy(state, env))
        got += reward.mean()
    return got / best
