# SPDX-License-Identifier: MIT
"""PPO in JAX with environment, rollout and update in one jit: the fastest peer known on a CPU.

--head dense is what Stable-Baselines3 trains by default; --head tower the two-tower head with the weight on
repeats and the annealed learning rate that learns the default world. Compile time is left out. One pass
over 8 x 5 rows (--n-steps 5 --batch-size 40 --epochs 1) has A2C's shape."""
import peer

o = peer.options(__doc__, row="ppo-sb3", head=("dense", "tower"), n_envs=8, n_steps=256, batch_size=64, epochs=10,
                 num_items=1000, total=40960, what="minibatch 64")

import functools
import time

import jax
import jax.numpy as jnp
import optax

IS_TOWER = o.head == "tower"
HALF, MAX_STEPS, DECAY = 32, 20, 0.9
GAMMA, LAMBDA, LR, ENT_COEF = (0.9, 0.0, 1e-2, 0.0) if IS_TOWER else (0.99, 0.95, 3e-4, 0.0)
ITEMS = jax.random.normal(jax.random.PRNGKey(0), (o.num_items, HALF)) / jnp.sqrt(HALF)
N, T, ROWS = o.n_envs, o.n_steps, o.n_envs * o.n_steps
TOTAL = o.total // (5 if o.quick and not IS_TOWER else 1)
N_UPDATES = max(2, -(-TOTAL // ROWS))
N_BATCHES = ROWS // o.batch_size


def mlp_init(key, n_out, gain):
    keys, orthogonal = jax.random.split(key, 3), jax.nn.initializers.orthogonal
    sizes = [(64, 64, 2**.5), (64, 64, 2**.5), (64, n_out, gain)]
    return [(orthogonal(g)(k, (n, m)), jnp.zeros(m)) for k, (n, m, g) in zip(keys, sizes)]


def mlp(layers, x):
    for w, b in layers[:-1]:
        x = jnp.tanh(x @ w + b)
    return x @ layers[-1][0] + layers[-1][1]


def log_policy(actor, states, shown):
    if not IS_TOWER:
        return jax.nn.log_softmax(mlp(actor, states))
    scores = jnp.exp(actor["log_scale"]) * ((states @ actor["skip"]) @ ITEMS.T)
    return jax.nn.log_softmax(scores - actor["repeat_weight"] * shown)


def fresh(key):
    return jnp.concatenate([jax.random.normal(key, (N, HALF)), jnp.zeros((N, HALF))], 1)


def reward_of(sim, shown):
    return jnp.where(sim > 0, sim * DECAY ** shown, sim)


def env_step(env, action, key):
    states, shown, t = env
    row, v = jnp.arange(N), ITEMS[action]
    reward = reward_of((states[:, :HALF] * v).sum(1), shown[row, action])
    shown, final, t = shown.at[row, action].add(1.), states.at[:, HALF:].set(v), t + 1
    end = t >= MAX_STEPS
    next_env = (jnp.where(end[:, None], fresh(key), final), jnp.where(end[:, None], 0., shown), jnp.where(end, 0, t))
    return next_env, reward, end.astype(jnp.float32), final


def rollout_step(params, carry, _):
    env, key = carry
    key, key_draw, key_env = jax.random.split(key, 3)
    log_probs = log_policy(params[0], env[0], env[1])
    action = jax.random.categorical(key_draw, log_probs)
    value = mlp(params[1], env[0])[:, 0]
    next_env, reward, end, final = env_step(env, action, key_env)
    shown = env[1] if IS_TOWER else jnp.zeros((N, 1))
    return (next_env, key), (env[0], shown, action, log_probs[jnp.arange(N), action], value, reward, end, final)


def gae(values, rewards, ends, final_values, last_value):
    def back(carry, row):
        advantage, next_value = carry
        v, r, end, final = row
        delta = r + GAMMA * jnp.where(end > 0, final, next_value) - v
        advantage = delta + GAMMA * LAMBDA * (1 - end) * advantage
        return (advantage, v), advantage
    return jax.lax.scan(back, (jnp.zeros(N), last_value), (values, rewards, ends, final_values), reverse=True)[1]


def loss(params, batch):
    states, shown, actions, old_log_probs, advantages, returns = batch
    log_probs = log_policy(params[0], states, shown)
    ratio = jnp.exp(log_probs[jnp.arange(o.batch_size), actions] - old_log_probs)
    advantages = (advantages - advantages.mean()) / (advantages.std(ddof=1) + 1e-8)
    policy = jnp.maximum(-advantages * ratio, -advantages * jnp.clip(ratio, .8, 1.2)).mean()
    value = .5 * ((mlp(params[1], states)[:, 0] - returns) ** 2).mean()
    entropy = -(jnp.exp(log_probs) * log_probs).sum(-1).mean() if ENT_COEF else 0.
    return policy + value - ENT_COEF * entropy


def iteration(optimizer, carry):
    params, moments, env, key = carry
    (env, key), rows = jax.lax.scan(functools.partial(rollout_step, params), (env, key), None, T)
    states, shown, actions, log_probs, values, rewards, ends, finals = rows
    advantages = gae(values, rewards, ends, mlp(params[1], finals)[..., 0], mlp(params[1], env[0])[:, 0])
    data = tuple(x.reshape(ROWS, *x.shape[2:])
                 for x in (states, shown, actions, log_probs, advantages, advantages + values))

    def minibatch(carry, chosen):
        params, moments = carry
        gradient = jax.grad(loss)(params, jax.tree.map(lambda x: x[chosen], data))
        step, moments = optimizer.update(gradient, moments)
        return (optax.apply_updates(params, step), moments), None

    def epoch(carry, key):
        return jax.lax.scan(minibatch, carry, jax.random.permutation(key, ROWS).reshape(N_BATCHES, o.batch_size))

    key, key_shuffle = jax.random.split(key)
    (params, moments), _ = jax.lax.scan(epoch, (params, moments), jax.random.split(key_shuffle, o.epochs))
    return (params, moments, env, key), rewards.mean()


def play(choose, key, n=512):
    """Mean reward a step of choose(rewards, states, shown, key) over n sessions."""
    users = jax.random.normal(key, (n, HALF))
    sim, row = users @ ITEMS.T, jnp.arange(n)

    def step(carry, t):
        shown, last = carry
        rewards = reward_of(sim, shown)
        action = choose(rewards, jnp.concatenate([users, last], 1), shown, jax.random.fold_in(key, t))
        return (shown.at[row, action].add(1.), ITEMS[action]), rewards[row, action].mean()

    start = jnp.zeros((n, o.num_items)), jnp.zeros((n, HALF))
    return jax.lax.scan(step, start, jnp.arange(MAX_STEPS))[1].mean()


def main():
    key = jax.random.PRNGKey(1)
    actor = mlp_init(key, o.num_items, .01)
    if IS_TOWER:
        actor = dict(skip=jnp.zeros((2 * HALF, HALF)), log_scale=jnp.log(10.), repeat_weight=jnp.float32(0.))
    params = (actor, mlp_init(key, 1, 1.))
    lr = optax.linear_schedule(LR, 0., N_UPDATES * o.epochs * N_BATCHES) if IS_TOWER else LR
    optimizer = optax.chain(optax.clip_by_global_norm(.5), optax.adam(lr, eps=1e-5))
    start = (params, optimizer.init(params), (fresh(key), jnp.zeros((N, o.num_items)), jnp.zeros(N, jnp.int32)), key)
    step = jax.jit(functools.partial(iteration, optimizer))
    jax.block_until_ready(step(start))
    users = jax.random.PRNGKey(9)
    best = float(jax.jit(functools.partial(play, lambda rewards, *_: rewards.argmax(1)))(users)) if IS_TOWER else None

    carry, n_done, above_95, begin = start, 0, None, time.perf_counter()
    for _ in range(N_UPDATES):
        carry, reward = step(carry)
        reward, n_done = float(reward), n_done + ROWS
        if IS_TOWER and above_95 is None and reward > .95 * best:
            above_95 = time.perf_counter() - begin, n_done
    seconds = time.perf_counter() - begin

    who = "JAX " + jax.__version__
    if not IS_TOWER:
        peer.tell(o, who, o.what, "steps/s", n_done / seconds)
        return

    def draw(_, states, shown, key):
        return jax.random.categorical(key, log_policy(carry[0][0], states, shown))

    got = float(jax.jit(functools.partial(play, draw))(users))
    peer.tell(o, who, "100,352 timesteps", "s", seconds, note=f"{100 * got / best:.1f} % of the best")
    if above_95:
        peer.tell(o, who, "until a rollout is above 95 %", "s", above_95[0], note=f"after {above_95[1]} steps")


main()
