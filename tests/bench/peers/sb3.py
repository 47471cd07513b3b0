# SPDX-License-Identifier: MIT
"""Stable-Baselines3: PPO or A2C with its own defaults on the same environment."""
import peer

o = peer.options(__doc__, row="ppo-sb3", algo=("ppo", "a2c"), n_envs=8, num_items=1000, total=0, what="minibatch 64")

import time

import gymnasium
import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.vec_env import VecEnv

from rec_env import RecVecEnv

torch.set_num_threads(o.threads)
N = o.n_envs


class Env(VecEnv):
    def __init__(self):
        self.env = RecVecEnv(N, num_items=o.num_items)
        super().__init__(N, gymnasium.spaces.Box(-np.inf, np.inf, (64,), np.float32),
                         gymnasium.spaces.Discrete(o.num_items))

    def reset(self):
        return self.env.reset()

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        states, rewards, ends, finals = self.env.step(self.actions)
        infos = [{"terminal_observation": finals[i], "TimeLimit.truncated": True} if ends[i] else {} for i in range(N)]
        return states, rewards, ends, infos

    def close(self):
        pass

    def get_attr(self, attr_name, indices=None):
        return [None] * N

    def set_attr(self, attr_name, value, indices=None):
        pass

    def env_method(self, method_name, *arguments, indices=None, **named):
        pass

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False] * N


if o.algo == "ppo":
    model = stable_baselines3.PPO("MlpPolicy", Env(), n_steps=2048 // N, device="cpu", seed=0)
else:
    model = stable_baselines3.A2C("MlpPolicy", Env(), device="cpu", seed=0)
total = (o.total or (12288 if o.algo == "ppo" else 20000)) // (4 if o.quick else 1)
begin = time.perf_counter()
model.learn(total)
peer.tell(o, "SB3 " + stable_baselines3.__version__, o.what, "steps/s",
          model.num_timesteps / (time.perf_counter() - begin))
