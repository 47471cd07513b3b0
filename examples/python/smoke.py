# SPDX-License-Identifier: MIT
"""The loop from Python: cffi reads the header itself, a simulated world, thirty updates, and the reward
has grown.
    pip install cffi && python3 examples/python/smoke.py librecrl.so include"""
import math
import subprocess
import sys

import cffi

LIBRARY, INCLUDE = sys.argv[1], sys.argv[2]
N = 32
ffi = cffi.FFI()
ffi.cdef(subprocess.run(["cc", "-std=c99", "-E", "-P", "-DRR_API=", f"{INCLUDE}/recrl/recrl.h",
                         f"-I{INCLUDE}"], capture_output=True, text=True, check=True).stdout)
rr = ffi.dlopen(LIBRARY)
failure = ffi.new("rr_error *")


def ok(status):
    if status != rr.RR_OK:
        raise RuntimeError(ffi.string(failure.text).decode())


def sized(name, **fields):
    """A struct that says how long it is; the rest is 0 until it is set."""
    made = ffi.new(f"{name} *", fields)
    made.struct_size = ffi.sizeof(name)
    return made


def config(name, **fields):
    made = ffi.new(f"{name} *")
    getattr(rr, f"{name}_init")(made, ffi.sizeof(name))
    for field, value in fields.items():
        ok(rr.rr_config_set(made, field.encode(), str(value).encode(), failure))
    return made


def create(kind, *arguments):
    """A handle that is destroyed when nothing refers to it any more."""
    out = ffi.new(f"{kind} **")
    ok(getattr(rr, f"{kind}_create")(out, *arguments, failure))
    return ffi.gc(out[0], getattr(rr, f"{kind}_destroy"))


world = create("rr_env", config("rr_env_config", n_envs=N, num_items=200), ffi.NULL, ffi.NULL, 0, ffi.NULL)
shape, room = config("rr_agent_config", seed=1), config("rr_buffer_config")
ok(rr.rr_env_fit_agent_config(world, shape, failure))
agent = create("rr_agent", shape, config("rr_ppo_config", batch_size=128), rr.rr_env_items(world), ffi.NULL)
ok(rr.rr_agent_fit_buffer_config(agent, N, room, failure))
buffer = create("rr_buffer", room, ffi.NULL)

actions, log_probs, values = ffi.new("int32_t[]", N), ffi.new("float[]", N), ffi.new("float[]", N)
obs, outcome, stats = sized("rr_obs"), sized("rr_outcome"), sized("rr_stats")
decision = sized("rr_decision", n=N, actions=actions, log_probs=log_probs, values=values)
rewards = []
ok(rr.rr_env_reset(world, failure))
for _ in range(30):
    while not rr.rr_buffer_is_full(buffer):
        ok(rr.rr_env_observe(world, obs, failure))
        ok(rr.rr_agent_act(agent, obs, decision, failure))
        ok(rr.rr_buffer_record(buffer, obs, decision, failure))
        ok(rr.rr_env_step(world, decision.actions, outcome, failure))
        ok(rr.rr_buffer_reward(buffer, outcome, failure))
    ok(rr.rr_env_observe(world, obs, failure))
    ok(rr.rr_agent_update(agent, buffer, obs, stats, failure))
    assert math.isfinite(stats.policy_loss + stats.value_loss) and stats.n_rows == N * 16
    rewards.append(stats.reward_mean)
print(f"reward a step: {rewards[0]:.3f} in the first rollout, {rewards[-1]:.3f} in the last")
assert rewards[-1] > rewards[0] + 0.5, "the reward did not grow"
