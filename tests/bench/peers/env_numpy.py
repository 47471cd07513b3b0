# SPDX-License-Identifier: MIT
"""Peer of bench_env: the synthetic world in numpy, all sessions of a step in one array operation each, shown random
items: reward with decay of repeats, histories, sessions that begin anew after twenty steps.

    env_numpy.py [--num-items 1000] [--sessions 1024] [--quick]"""
import peer

o = peer.options(__doc__, row="env", num_items=1000, sessions=1024)
import numpy as np  # noqa: E402

STEPS, WIDTH, DECAY, CALLS = 20, 32, 0.9, 200


class World:
    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.vectors = self.rng.normal(size=(o.num_items, WIDTH)).astype(np.float32) / np.sqrt(np.float32(WIDTH))
        self.powers = np.float32(DECAY) ** np.arange(STEPS + 1, dtype=np.float32)
        n = o.sessions
        self.states = np.zeros((n, 2 * WIDTH), np.float32)
        self.history = np.full((n, STEPS), -1, np.int32)
        self.history_rewards = np.zeros((n, STEPS), np.float32)
        self.reset()

    def reset(self):
        self.t = 0
        self.states[:, :WIDTH] = self.rng.standard_normal((o.sessions, WIDTH), np.float32)
        self.states[:, WIDTH:] = 0.0
        self.history[:] = -1
        self.history_rewards[:] = 0.0

    def step(self, actions):
        items = self.vectors[actions]
        similar = np.einsum("nd,nd->n", self.states[:, :WIDTH], items)
        count = (self.history == actions[:, None]).sum(1)
        rewards = np.where(similar < 0.0, similar, similar * self.powers[count])
        self.history[:, :-1] = self.history[:, 1:]
        self.history[:, -1] = actions
        self.history_rewards[:, :-1] = self.history_rewards[:, 1:]
        self.history_rewards[:, -1] = rewards
        self.states[:, WIDTH:] = items
        self.t += 1
        truncated = np.full(o.sessions, self.t == STEPS)
        final = self.states
        if self.t == STEPS:
            final = (self.states.copy(), self.history.copy(), self.history_rewards.copy())
            self.reset()
        return rewards, truncated, final


def main():
    world = World()
    actions = world.rng.integers(0, o.num_items, (64, o.sessions), dtype=np.int32)

    def run():
        for i in range(CALLS):
            world.step(actions[i % 64])

    seconds = peer.best(o, run)
    peer.tell(o, "numpy " + np.__version__, f"{o.num_items} items", "steps/s", CALLS * o.sessions / seconds)


main()
