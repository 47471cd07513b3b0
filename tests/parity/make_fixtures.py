# SPDX-License-Identifier: MIT
"""Reference numbers from PyTorch, in double, for tests/parity/: make_fixtures.py [FOLDER]

Needs torch (any 2.x, CPU) and nothing of this library: the networks, losses and optimisers are torch's
own modules and autograd; only the order of rows and the permutations follow docs/maths.md §4 and
lib/core/philox.h, and are written here a second time. Seeds are fixed; the files come out the same.

A fixture is text. A line is one of
    set KIND NAME VALUE         a config field, as rr_config_set takes it
    number NAME VALUE
    array NAME ROWS COLUMNS     then ROWS lines of COLUMNS numbers; what goes in is exact in float32
"""
import math
import pathlib
import sys

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

STATE, DIM, ITEMS, FEATURES, LIST, EXCLUDED, HISTORY = 12, 6, 23, 2, 7, 3, 5
HIDDEN = (8, 7)
CANDIDATE, TOWER, OWN, TOWER_SCALE = (9, 5), (4,), 3, 0.75
MLP_SCALE = 0.5
WIDTH, HEADS, LAYERS = 6, 2, 2  # of an encoder; heads and layers of the Transformer
STREAM_SHUFFLE = 5
EDGE = 1e-3  # no sample comes nearer to a kink than this


# ── random numbers of the library ───────────────────────────────────────────────────────────────

def philox(seed, stream, index, lane):
    """One block of Philox4x32-10 as four words."""
    mask = 0xFFFFFFFF
    c = [index & mask, index >> 32, stream, lane]
    k = [seed & mask, seed >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & mask, (p0 >> 32) ^ c[3] ^ k[1], p0 & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


assert philox(0, 0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]  # Random123's known answer


def permutation(n, seed, index):
    """Fisher–Yates from the top; the draw at position i is ⌊x (i + 1) / 2^64⌋ for 64 random bits x."""
    order = list(range(n))
    for last in range(n - 1, 0, -1):
        words = philox(seed, STREAM_SHUFFLE, index, last)
        j = ((words[0] << 32 | words[1]) * (last + 1)) >> 64
        order[last], order[j] = order[j], order[last]
    return order


# ── inputs, exact in float32 ────────────────────────────────────────────────────────────────────

def exact(x):
    return x.float().double()


def normal(g, *shape, scale=1.0):
    return exact(scale * torch.randn(*shape, generator=g))


def integers(g, low, high, *shape):
    return torch.randint(low, high, shape, generator=g)


def initial_weights(g, world):
    """Every tensor by the name it has in the library; nothing is left at zero."""
    seen = STATE + (WIDTH if world["encoder"] != "none" else 0)
    weights, widths = encoder_weights(g, world), [seen, *HIDDEN]
    is_dense = world["head"] == "dense"
    if not is_dense:
        weights["actor.skip.weight"] = normal(g, DIM, seen, scale=0.15)
        widths.append(DIM)
    for i in range(len(widths) - 1):
        weights[f"actor.mlp.{i}.weight"] = normal(g, widths[i + 1], widths[i], scale=0.35)
        weights[f"actor.mlp.{i}.bias"] = normal(g, widths[i + 1], scale=0.2)
    if not is_dense:
        weights["actor.log_scale"] = exact(torch.tensor([0.4]))
    if world["features"]:
        weights["actor.feature_weights"] = normal(g, FEATURES, scale=0.5)
    if world["crossed"]:
        weights["actor.feature_query.weight"] = normal(g, FEATURES, STATE, scale=0.3)
        weights["actor.candidate.features.weight"] = normal(g, CANDIDATE[0], FEATURES, scale=0.5)
        weights["actor.candidate.vectors.weight"] = normal(g, CANDIDATE[0], DIM, scale=0.5)
        weights["actor.candidate.1.weight"] = normal(g, CANDIDATE[1], CANDIDATE[0], scale=0.35)
        weights["actor.candidate.1.bias"] = normal(g, CANDIDATE[1], scale=0.2)
        weights["actor.candidate.states.weight"] = normal(g, CANDIDATE[0], STATE, scale=0.3)
        weights["actor.candidate.states.bias"] = normal(g, CANDIDATE[0], scale=0.2)
        weights["actor.candidate.query.weight"] = normal(g, CANDIDATE[1], DIM, scale=0.4)
        weights["actor.candidate.query.bias"] = normal(g, CANDIDATE[1], scale=0.4)
    if world["own"] is not None:
        widths_of_tower = [OWN, *TOWER, DIM]
        for i in range(len(widths_of_tower) - 1):
            weights[f"actor.tower.{i}.weight"] = normal(g, widths_of_tower[i + 1], widths_of_tower[i], scale=0.5)
        weights["actor.tower.0.bias"] = normal(g, TOWER[0], scale=0.2)
    if is_dense:
        weights["actor.items"] = normal(g, ITEMS, HIDDEN[-1], scale=0.5)
    elif world["trained"]:
        weights["actor.items"] = normal(g, ITEMS, DIM, scale=0.5)
    if world["bias"]:
        weights["actor.item_bias"] = normal(g, ITEMS, scale=0.3)
    weights["actor.repeat_weight"] = exact(torch.tensor([0.35]))
    widths = [seen, *HIDDEN, 1]
    for i in range(len(widths) - 1):
        weights[f"critic.{i}.weight"] = normal(g, widths[i + 1], widths[i], scale=0.35)
        weights[f"critic.{i}.bias"] = normal(g, widths[i + 1], scale=0.2)
    return weights


def encoder_weights(g, world):
    if world["encoder"] == "gru":
        return {"encoder.input.weight": normal(g, 3 * WIDTH, DIM + 1, scale=0.5),
                "encoder.input.bias": normal(g, 3 * WIDTH, scale=0.3),
                "encoder.hidden.weight": normal(g, 3 * WIDTH, WIDTH, scale=0.5),
                "encoder.hidden.bias": normal(g, 3 * WIDTH, scale=0.3),
                "encoder.start": normal(g, WIDTH, scale=0.5)}
    if world["encoder"] != "transformer":
        return {}
    weights = {"encoder.input.weight": normal(g, WIDTH, DIM + 1, scale=0.5),
               "encoder.input.bias": normal(g, WIDTH, scale=0.3)}
    for layer in range(LAYERS):
        for name, rows, columns in (("query", WIDTH, WIDTH), ("keys_values", 2 * WIDTH, WIDTH), ("out", WIDTH, WIDTH),
                                    ("up", 2 * WIDTH, WIDTH), ("down", WIDTH, 2 * WIDTH)):
            weights[f"encoder.{layer}.{name}.weight"] = normal(g, rows, columns, scale=0.4)
            weights[f"encoder.{layer}.{name}.bias"] = normal(g, rows, scale=0.2)
        for name in ("norm_attention", "norm_feed"):
            weights[f"encoder.{layer}.{name}.weight"] = exact(1 + 0.3 * torch.randn(WIDTH, generator=g))
            weights[f"encoder.{layer}.{name}.bias"] = normal(g, WIDTH, scale=0.2)
        weights[f"encoder.{layer}.distance"] = normal(g, HEADS, HISTORY, scale=0.5)
    weights["encoder.empty"] = normal(g, WIDTH, scale=0.5)
    return weights


def draw_observation(g, world, n):
    """n rows of what the world shows."""
    obs = {"states": normal(g, n, STATE)}
    if world["lists"]:
        obs["lengths"] = integers(g, 3, LIST + 1, n)
        order = torch.argsort(torch.rand(n, ITEMS, generator=g), dim=1)[:, :LIST]
        obs["candidates"] = order
        behind = torch.arange(LIST)[None, :] >= obs["lengths"][:, None]
        obs["candidates"] = torch.where(behind, -1, obs["candidates"])
        if world["vectors"]:
            obs["vectors"] = normal(g, n, LIST, DIM, scale=0.6)
            is_foreign = torch.rand(n, LIST, generator=g) < world["vectors"]
            obs["candidates"] = torch.where(is_foreign, -1, obs["candidates"])
        if world["features"]:
            obs["features"] = normal(g, n, LIST, FEATURES)
        if world["counts"]:
            obs["counts"] = integers(g, 0, 3, n, LIST)
    if world["excluded"]:
        obs["excluded"] = integers(g, 0, ITEMS, n, EXCLUDED)
        obs["excluded"][:, 1:] = torch.where(torch.rand(n, EXCLUDED - 1, generator=g) < 0.3, -1,
                                             obs["excluded"][:, 1:])
        if world["lists"]:  # the last real candidate is out, so that a list is shortened, never emptied
            last = obs["candidates"].gather(1, obs["lengths"][:, None] - 1)[:, 0]
            obs["excluded"][:, 0] = torch.where(last >= 0, last, obs["excluded"][:, 0])
            first = obs["candidates"][:, :1]
            obs["excluded"] = torch.where(obs["excluded"] == first, -1, obs["excluded"])
    if world["history"]:
        obs["history"] = integers(g, 0, 6, n, HISTORY)  # few items, so that they repeat
        n_shown = integers(g, 0, HISTORY + 1, n)
        pad = torch.arange(HISTORY)[None, :] < HISTORY - n_shown[:, None]
        obs["history"] = torch.where(pad, -1, obs["history"])
        if world["encoder"] != "none":
            obs["history_rewards"] = torch.where(pad, 0.0, normal(g, n, HISTORY))
    return obs


# ── the model ───────────────────────────────────────────────────────────────────────────────────

def mlp(weights, prefix, x, is_last_linear):
    n_layers = sum(name.startswith(prefix + ".") and name.endswith(".weight") for name in weights)
    for i in range(n_layers):
        x = torch.nn.functional.linear(x, weights[f"{prefix}.{i}.weight"],
                                       weights.get(f"{prefix}.{i}.bias"))
        if i + 1 < n_layers or not is_last_linear:
            x = torch.tanh(x)
    return x


def gru(weights, tokens):
    module = torch.nn.GRU(DIM + 1, WIDTH, batch_first=True)
    named = {"weight_ih_l0": weights["encoder.input.weight"], "bias_ih_l0": weights["encoder.input.bias"],
             "weight_hh_l0": weights["encoder.hidden.weight"], "bias_hh_l0": weights["encoder.hidden.bias"]}
    start = weights["encoder.start"].reshape(1, 1, WIDTH)
    return torch.func.functional_call(module, named, (tokens[None], start))[0][0, -1]


def transformer(weights, tokens):
    n = len(tokens)
    x = torch.nn.functional.linear(tokens, weights["encoder.input.weight"], weights["encoder.input.bias"])
    distance = torch.arange(n)[:, None] - torch.arange(n)[None, :]
    for layer in range(LAYERS):
        of = lambda name: weights[f"encoder.{layer}.{name}"]
        module = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, dropout=0.0, activation="gelu",
                                                  batch_first=True, norm_first=True)
        named = {"self_attn.in_proj_weight": torch.cat([of("query.weight"), of("keys_values.weight")]),
                 "self_attn.in_proj_bias": torch.cat([of("query.bias"), of("keys_values.bias")]),
                 "self_attn.out_proj.weight": of("out.weight"), "self_attn.out_proj.bias": of("out.bias"),
                 "linear1.weight": of("up.weight"), "linear1.bias": of("up.bias"),
                 "linear2.weight": of("down.weight"), "linear2.bias": of("down.bias"),
                 "norm1.weight": of("norm_attention.weight"), "norm1.bias": of("norm_attention.bias"),
                 "norm2.weight": of("norm_feed.weight"), "norm2.bias": of("norm_feed.bias")}
        bias = of("distance")[:, distance.clamp(min=0)]
        mask = torch.where(distance[None] < 0, -math.inf, bias)
        x = torch.func.functional_call(module, named, (x[None],), {"src_mask": mask})[0]
    return x[-1]


def seen_of(weights, world, states, history, rewards):
    """What networks read: the states, and beside them what the encoder makes of each row's history."""
    if world["encoder"] == "none":
        return states
    encode, empty = {"gru": (gru, "encoder.start"), "transformer": (transformer, "encoder.empty")}[world["encoder"]]
    encoded = []
    for shown, earned in zip(history, rewards):
        is_there = shown >= 0
        tokens = torch.cat([world["pool"][shown[is_there]], earned[is_there][:, None]], dim=1)
        encoded.append(encode(weights, tokens) if len(tokens) else weights[empty])
    return torch.cat([states, torch.stack(encoded)], dim=1)


def item_counts(items, history):
    """How often each of items [n, k] is in its row's history [n, h]; padding and strangers: never."""
    return ((items[:, :, None] == history[:, None, :]) & (items[:, :, None] >= 0)).sum(2).double()


def seen_states(weights, world, obs, rows, states=None):
    states = obs["states"][rows] if states is None else states
    if world["encoder"] == "none":
        return states
    return seen_of(weights, world, states, obs["history"][rows], obs["history_rewards"][rows])


def logits(weights, world, obs, rows):
    """z [n, k], −inf where an item may not be chosen."""
    pick = lambda name: obs[name][rows]
    states, n = seen_states(weights, world, obs, rows), len(rows)
    is_dense = world["head"] == "dense"
    q = mlp(weights, "actor.mlp", states, is_last_linear=not is_dense)
    if not is_dense:
        q = MLP_SCALE * q + states @ weights["actor.skip.weight"].T
        q = q * torch.exp(weights["actor.log_scale"])
    pool = weights.get("actor.items", world["pool"])
    if world["own"] is not None:
        pool = pool + TOWER_SCALE * mlp(weights, "actor.tower", world["own"], is_last_linear=True)
    if world["lists"]:
        items = pick("candidates")
        if pool is None:
            vectors = pick("vectors")
        else:
            vectors = pool[items.clamp(min=0)]
            if world["vectors"]:
                vectors = torch.where(items[:, :, None] >= 0, vectors, pick("vectors"))
        z = (q[:, None, :] * vectors).sum(2)
        allowed = torch.arange(LIST)[None, :] < pick("lengths")[:, None]
    else:
        items = torch.arange(ITEMS).expand(n, ITEMS)
        z = q @ pool.T
        allowed = torch.ones(n, ITEMS, dtype=torch.bool)
    if world["features"]:
        z = z + pick("features") @ weights["actor.feature_weights"]
    if world["crossed"]:
        z = z + torch.einsum("nkf,fs,ns->nk", pick("features"), weights["actor.feature_query.weight"], states)
        z = z + candidate_scores(weights, pick("features"), vectors, states, q)
    if world["bias"]:
        bias = weights["actor.item_bias"][items.clamp(min=0)]
        z = z + torch.where(items >= 0, bias, 0.0)
    if world["counts"]:
        counts = pick("counts").double()
    else:
        counts = item_counts(items, pick("history"))
    z = z - weights["actor.repeat_weight"] * counts
    if world["excluded"]:
        excluded = pick("excluded")
        allowed = allowed & ~((items[:, :, None] == excluded[:, None, :]) & (items[:, :, None] >= 0)).any(2)
    return torch.where(allowed, z, -math.inf)


def candidate_scores(weights, features, vectors, states, scaled_query):
    """What the network over candidates adds: τ q·t + y of each, t and y linear in its last layer."""
    part = lambda name: weights[f"actor.candidate.{name}"]
    h = torch.tanh(features @ part("features.weight").T + vectors @ part("vectors.weight").T
                   + (states @ part("states.weight").T + part("states.bias"))[:, None, :])
    h = torch.tanh(torch.nn.functional.linear(h, part("1.weight"), part("1.bias")))
    t, y = h @ part("query.weight"), h @ part("query.bias")
    return (t * scaled_query[:, None, :]).sum(2) + y


def all_log_probs(weights, world, obs, rows):
    return torch.log_softmax(logits(weights, world, obs, rows), dim=1)


def entropy_of(log_p):
    finite = torch.where(log_p == -math.inf, 0.0, log_p)
    return -(log_p.exp() * finite).sum(1)


def values_of(weights, world, obs, rows, states=None):
    """Of rows of an observation, or of other states with their histories."""
    return mlp(weights, "critic", seen_states(weights, world, obs, rows, states), is_last_linear=True)[:, 0]


# ── rollouts ────────────────────────────────────────────────────────────────────────────────────

def draw_rollout(g, world, weights, recipe):
    """T × E rows in the order of arrival, drawn by the present policy; recorded log-probs and values
    are moved a little, so that ratios and value clips are not all at their start."""
    n_envs, n_steps = world["n_envs"], world["n_steps"]
    n = n_envs * n_steps
    obs = draw_observation(g, world, n)
    rows = list(range(n))
    with torch.no_grad():
        log_p = all_log_probs(weights, world, obs, rows)
        actions = torch.multinomial(log_p.exp(), 1, generator=g)[:, 0]
        log_probs = log_p.gather(1, actions[:, None])[:, 0]
        values = values_of(weights, world, obs, rows)
    ended = torch.rand(n, generator=g)
    roll = {
        "obs": obs, "actions": actions,
        "log_probs": exact(log_probs + normal(g, n, scale=recipe["shift"])),
        "values": exact(values + normal(g, n, scale=recipe["shift"])),
        "rewards": normal(g, n),
        "terminated": ended < 0.12, "truncated": (ended >= 0.12) & (ended < 0.27),
        "final_states": normal(g, n, STATE), "next_states": normal(g, n_envs, STATE),
    }
    roll["is_end"] = roll["terminated"] | roll["truncated"]
    return roll


def order_of(roll, n_envs):
    """Rows by (step in which their session began, row of the record), then by arrival: maths §4."""
    began, key = [0] * n_envs, []
    for row in range(len(roll["rewards"])):
        step, env = divmod(row, n_envs)
        key.append((began[env], env, step))
        if roll["is_end"][row]:
            began[env] = step + 1
    return sorted(range(len(key)), key=key.__getitem__)


def advantages_of(weights, world, roll, recipe):
    """Â and R by arrival, one session's step after the other, from the end."""
    n, n_envs, obs = len(roll["rewards"]), world["n_envs"], roll["obs"]
    with torch.no_grad():
        coming = values_of(weights, world, obs, list(range(n_envs)), roll["next_states"])
        final = values_of(weights, world, obs, list(range(n)), roll["final_states"])
    advantages = torch.zeros(n)
    for env in range(n_envs):
        following, value_after = 0.0, coming[env]
        for row in range(n - n_envs + env, -1, -n_envs):
            if roll["terminated"][row]:
                following, value_after = 0.0, 0.0
            elif roll["truncated"][row]:
                following, value_after = 0.0, final[row]
            delta = roll["rewards"][row] + recipe["gamma"] * value_after - roll["values"][row]
            following = delta + recipe["gamma"] * recipe["gae_lambda"] * following
            advantages[row], value_after = following, roll["values"][row]
    return advantages, advantages + roll["values"]


# ── updates ─────────────────────────────────────────────────────────────────────────────────────

def away_from(x, edges):
    for edge in edges:
        distance = (x - edge).abs().min().item()
        if distance < EDGE:
            raise NearEdge(f"a sample is {distance:.1e} from {edge}")


class NearEdge(Exception):
    pass


def losses(weights, world, roll, rows, advantages, returns, recipe):
    """policy, value, entropy of a minibatch, and the ratios."""
    log_p = all_log_probs(weights, world, roll["obs"], rows)
    log_prob = log_p.gather(1, roll["actions"][rows][:, None])[:, 0]
    entropy = entropy_of(log_p).mean()
    a = advantages[rows]
    if recipe["has_advantage_norm"]:
        a = (a - a.mean()) / (a.std(unbiased=not recipe.get("is_std_biased", False)) + 1e-8)
    value = values_of(weights, world, roll["obs"], rows)
    target, old = returns[rows], roll["values"][rows]
    if recipe.get("value_clip_eps"):
        eps = recipe["value_clip_eps"]
        away_from((value - old).detach(), (-eps, eps))
        capped = old + (value - old).clamp(-eps, eps)
        value_loss = 0.5 * torch.maximum((value - target) ** 2, (capped - target) ** 2).mean()
    else:
        value_loss = 0.5 * torch.nn.functional.mse_loss(value, target)
    if recipe["algo"] == "a2c":
        return -(log_prob * a).mean(), value_loss, entropy, torch.ones(len(rows))
    ratio = torch.exp(log_prob - roll["log_probs"][rows])
    eps = recipe["clip_eps"]
    away_from(ratio.detach(), (1 - eps, 1 + eps))
    policy_loss = -torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a).mean()
    return policy_loss, value_loss, entropy, ratio.detach()


def minibatches(n, recipe, seed, update):
    """Rows of each gradient step, as positions in the session order."""
    if recipe["algo"] == "a2c":
        return [[list(range(n))]]
    count = max(1, n // recipe["batch_size"])
    epochs = []
    for epoch in range(recipe["update_epochs"]):
        order, start, parts = permutation(n, seed, update * 1024 + epoch), 0, []
        for b in range(count):
            size = n // count + (b < n % count)
            parts.append(order[start:start + size])
            start += size
        epochs.append(parts)
    return epochs


def train(start, world, rolls, recipe, seed):
    """The weights after the updates, the statistics of each, and the last gradient."""
    weights = {name: value.clone().requires_grad_() for name, value in start.items()}
    parameters = list(weights.values())
    if recipe["optimizer"] == "adam":
        optimizer = torch.optim.Adam(parameters, lr=recipe["lr"], eps=recipe["optimizer_eps"])
    else:
        optimizer = torch.optim.RMSprop(parameters, lr=recipe["lr"], eps=recipe["optimizer_eps"],
                                        alpha=recipe["rms_alpha"])
    all_stats, gradient = [], None
    for update, roll in enumerate(rolls):
        n_envs = world["n_envs"]
        order = order_of(roll, n_envs)
        advantages, returns = advantages_of(weights, world, roll, recipe)
        n, sums = len(order), {k: 0.0 for k in ("policy_loss", "value_loss", "entropy", "clip_fraction")}
        norms, n_seen = [], 0
        for epoch in minibatches(n, recipe, seed, update):
            kl = 0.0
            for part in epoch:
                rows = [order[i] for i in part]
                policy, value, entropy, ratio = losses(weights, world, roll, rows, advantages, returns, recipe)
                loss = policy + recipe["vf_coef"] * value - recipe["ent_coef"] * entropy
                optimizer.zero_grad()
                loss.backward()
                gradient = {name: w.grad.clone() for name, w in weights.items()}
                norms.append(torch.nn.utils.clip_grad_norm_(parameters, recipe["max_grad_norm"]).item())
                optimizer.step()
                m = len(rows)
                sums["policy_loss"] += policy.item() * m
                sums["value_loss"] += value.item() * m
                sums["entropy"] += entropy.item() * m
                if recipe["algo"] == "ppo":
                    sums["clip_fraction"] += ((ratio - 1).abs() > recipe["clip_eps"]).sum().item()
                    kl += ((ratio - 1) - ratio.log()).sum().item()
                n_seen += m
        stats = {name: total / n_seen for name, total in sums.items()}
        stats["approx_kl"] = kl / n
        stats["grad_norm"] = sum(norms) / len(norms)
        stats["explained_variance"] = (1 - (returns - roll["values"]).var() / returns.var()).item()
        all_stats.append(stats)
    return {name: w.detach() for name, w in weights.items()}, all_stats, gradient


# ── writing ─────────────────────────────────────────────────────────────────────────────────────

class Fixture:
    def __init__(self, about):
        self.lines = [f"# {about}", "# made by tests/parity/make_fixtures.py; inputs are exact in float32"]

    def set(self, kind, fields):
        self.lines += [f"set {kind} {name} {value}" for name, value in fields.items()]

    def number(self, name, value):
        self.lines.append(f"number {name} {value:.10g}" if isinstance(value, float) else f"number {name} {value}")

    def array(self, name, tensor, is_input=True):
        flat = tensor.reshape(tensor.shape[0], -1) if tensor.dim() > 1 else tensor.reshape(1, -1)
        self.lines.append(f"array {name} {flat.shape[0]} {flat.shape[1]}")
        form = "d" if not tensor.is_floating_point() else ".9g" if is_input else ".11g"
        for row in flat.tolist():
            self.lines.append(" ".join(format(int(x) if form == "d" else x, form) for x in row))

    def write(self, folder, name):
        text = "\n".join(self.lines) + "\n"
        assert len(text) <= 200_000, name
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"{name}.txt {len(text)} bytes")


WORLD = dict(encoder="none", head="tower", lists=False, vectors=0.0, features=False, counts=False, excluded=True,
             history=True, trained=False, bias=True, has_pool=True, n_envs=4, n_steps=6, crossed=False, own=None)
WORLDS = {
    "pool": dict(WORLD, trained=True),
    "lists": dict(WORLD, lists=True, features=True, vectors=0.3),
    "vectors": dict(WORLD, lists=True, vectors=1.0, features=True, counts=True, excluded=False, history=False,
                    bias=False, has_pool=False),
    "dense": dict(WORLD, head="dense"),
    "gru": dict(WORLD, encoder="gru"),
    "transformer": dict(WORLD, encoder="transformer"),
}
# What came later, so that the seeds of those above stay.
LATER = {
    "crossed": dict(WORLD, lists=True, features=True, vectors=0.3, crossed=True),
    "item_tower": dict(WORLD, trained=True, has_own=True),
    "item_tower_lists": dict(WORLD, lists=True, vectors=0.3, has_own=True),
}
WORLDS.update(LATER)


def agent_fields(world, seed):
    is_dense = world["head"] == "dense"
    shape = dict(encoder_width=WIDTH, encoder_history=HISTORY)
    if world["encoder"] == "transformer":
        shape.update(encoder_layers=LAYERS, encoder_heads=HEADS)
    encoder = {} if world["encoder"] == "none" else dict(encoder=world["encoder"], **shape)
    return dict(encoder, head=world["head"], hidden=",".join(map(str, HIDDEN)), critic_hidden=",".join(map(str, HIDDEN)),
                state_dim=STATE, item_dim=HIDDEN[-1] if is_dense else DIM,
                feature_dim=FEATURES if world["features"] else 0, num_items=ITEMS if is_dense else 0,
                has_skip=0 if is_dense else 1, has_bias=int(world["bias"]), has_repeat_weight=1,
                has_trained_items=int(world["trained"]), mlp_scale=MLP_SCALE, max_rows=64, max_candidates=LIST, max_history=8, seed=seed,
                **crossed_fields(world))


def crossed_fields(world):
    fields = {}
    if world["crossed"]:
        fields.update(has_feature_query=1, candidate_hidden=",".join(map(str, CANDIDATE)))
    if world["own"] is not None:
        fields.update(item_feature_dim=OWN, tower_hidden=",".join(map(str, TOWER)), tower_scale=TOWER_SCALE)
    return fields


def begin(about, g, world, seed):
    """A fixture with config, catalogue and starting weights; the weights."""
    world["pool"] = normal(g, ITEMS, DIM, scale=0.5) if world["has_pool"] and world["head"] == "tower" else None
    world["own"] = normal(g, ITEMS, OWN) if world.get("has_own") else None
    weights = initial_weights(g, world)
    fixture = Fixture(about)
    fixture.set("agent", agent_fields(world, seed))
    if world["pool"] is not None:
        fixture.array("pool", world["pool"])
    if world["own"] is not None:
        fixture.array("own", world["own"])
    for name, value in weights.items():
        fixture.array(f"before.{name}", value)
    return fixture, weights


def write_observation(fixture, prefix, obs):
    for name, value in obs.items():
        fixture.array(f"{prefix}{name}", value)


def forward_fixture(folder, name, seed):
    g, world = torch.Generator().manual_seed(seed), dict(WORLDS[name])
    fixture, weights = begin(f"forward, {name}", g, world, seed)
    obs, rows = draw_observation(g, world, 8), list(range(8))
    write_observation(fixture, "", obs)
    log_p = all_log_probs(weights, world, obs, rows)
    actions = torch.multinomial(log_p.exp(), 1, generator=g)[:, 0]
    fixture.array("actions", actions)
    fixture.array("expected.all_log_probs", log_p, is_input=False)
    fixture.array("expected.log_probs", log_p.gather(1, actions[:, None])[:, 0], is_input=False)
    fixture.array("expected.entropies", entropy_of(log_p), is_input=False)
    fixture.array("expected.values", values_of(weights, world, obs, rows), is_input=False)
    fixture.write(folder, f"forward_{name}")


BASE = dict(gamma=0.9, gae_lambda=0.8, vf_coef=0.7, ent_coef=0.1, has_advantage_norm=1, lr=0.01, max_grad_norm=0.5,
            optimizer="adam", optimizer_eps=1e-5, rms_alpha=0.99)
PPO = dict(BASE, algo="ppo", clip_eps=0.2, value_clip_eps=0.0, update_epochs=1, batch_size=64)
A2C = dict(BASE, algo="a2c", has_advantage_norm=0, gae_lambda=1.0, optimizer="rmsprop")
# RMSProp that forgets at once and divides by (|g| + 10⁶): lr/eps = 16 gradients are one step.
GRADIENT = dict(optimizer="rmsprop", rms_alpha=0.0, optimizer_eps=1e6, lr=16e6, max_grad_norm=1e30)


def float32_recipe(recipe):
    """The library's coefficients are float32; so are the reference's."""
    return {k: exact(torch.tensor(v)).item() if isinstance(v, float) else v for k, v in recipe.items()}


def update_fixture(folder, name, about, world_name, recipe, shift, n_updates=1, first_seed=1, wrongs=(),
                   **shape):
    """Looks for the first seed at which no sample lies near a kink, and writes what torch makes of it."""
    for seed in range(first_seed, first_seed + 400):
        try:
            g, world = torch.Generator().manual_seed(seed), dict(WORLDS[world_name], **shape)
            fixture, start = begin(about, g, world, seed)
            used = dict(float32_recipe(recipe), shift=shift)
            rolls, weights = [], start
            for _ in range(n_updates):
                rolls.append(draw_rollout(g, world, weights, used))
                weights, stats, gradient = train(start, world, rolls, used, seed)
            wrong_deltas = {}
            for wrong, change in wrongs:
                after, _, _ = train(start, world, rolls, dict(used, **change(used)), seed)
                wrong_deltas[wrong] = after
            break
        except NearEdge:
            continue
    else:
        raise SystemExit(f"{name}: no seed without a sample near an edge")
    algo = recipe["algo"]
    fixture.number("n_envs", world["n_envs"])
    fixture.number("n_steps", world["n_steps"])
    fixture.number("n_updates", n_updates)
    fixture.set(algo, dict({k: v for k, v in recipe.items() if k != "algo"}, n_steps=world["n_steps"]))
    for u, roll in enumerate(rolls):
        write_observation(fixture, f"{u}.", roll["obs"])
        for part in ("actions", "log_probs", "values", "rewards", "final_states", "next_states"):
            fixture.array(f"{u}.{part}", roll[part])
        for part in ("terminated", "truncated"):
            fixture.array(f"{u}.{part}", roll[part].long())
        for stat, value in stats[u].items():
            fixture.number(f"{u}.{stat}", value)
        if n_updates == 1:
            used_advantages, returns = advantages_of(start, world, roll, used)
            fixture.array("expected.advantages", used_advantages, is_input=False)
            fixture.array("expected.returns", returns, is_input=False)
    for tensor in start:
        if recipe["lr"] == GRADIENT["lr"]:
            fixture.array(f"gradient.{tensor}", gradient[tensor], is_input=False)
        else:
            fixture.array(f"delta.{tensor}", weights[tensor] - start[tensor], is_input=False)
        for wrong, after in wrong_deltas.items():
            fixture.array(f"{wrong}.{tensor}", after[tensor] - start[tensor], is_input=False)
    fixture.write(folder, name)


BIASED = ("biased_std", lambda used: dict(is_std_biased=True))
ENTROPY = ("entropy_off", lambda used: dict(ent_coef=used["ent_coef"] * 1.01))


def main(folder):
    first = len(WORLDS) - len(LATER) - 2  # the seeds that they were drawn by when they came
    for i, name in [*enumerate(n for n in WORLDS if n not in LATER), *enumerate(LATER, first)]:
        forward_fixture(folder, name, 11 + i)
    gradient = dict(PPO, **GRADIENT)
    for name in WORLDS:
        update_fixture(folder, f"gradient_ppo_{name}", f"PPO's losses and gradients, {name}", name,
                       gradient, shift=0.3)
    update_fixture(folder, "gradient_ppo_bare", "PPO's policy gradient alone, clipped values", "lists",
                   dict(gradient, ent_coef=0.0, has_advantage_norm=0, value_clip_eps=0.25), shift=0.3)
    update_fixture(folder, "gradient_a2c_lists", "A2C's losses and gradients", "lists", dict(A2C, **GRADIENT),
                   shift=0.0)
    update_fixture(folder, "step_adam", "one Adam step", "pool", PPO, shift=0.1)
    update_fixture(folder, "step_rmsprop", "one RMSProp step", "pool", dict(PPO, optimizer="rmsprop"), shift=0.1)
    several = dict(PPO, update_epochs=4, batch_size=12)
    update_fixture(folder, "update_ppo_tower", "two PPO updates of four epochs of three minibatches", "lists",
                   several, shift=0.0, n_updates=2, wrongs=(BIASED, ENTROPY), n_envs=6, n_steps=6)
    update_fixture(folder, "update_ppo_crossed", "the same, features meeting states", "crossed",
                   several, shift=0.0, n_updates=2, wrongs=(ENTROPY,), n_envs=6, n_steps=6)
    update_fixture(folder, "update_ppo_item_tower", "the same, a tower over items", "item_tower",
                   several, shift=0.0, n_updates=2, wrongs=(ENTROPY,), n_envs=6, n_steps=6)
    update_fixture(folder, "update_ppo_dense", "a PPO update, minibatches of 17, 17 and 16 rows", "dense",
                   dict(several, batch_size=16), shift=0.0, wrongs=(BIASED, ENTROPY), n_envs=5, n_steps=10)
    for name in ("gru", "transformer"):
        update_fixture(folder, f"update_ppo_{name}", f"a PPO update of four epochs, {name}", name, several, shift=0.0,
                       wrongs=(ENTROPY,), n_envs=6, n_steps=6)
    update_fixture(folder, "update_a2c", "two A2C updates", "pool", A2C, shift=0.0, n_updates=2, wrongs=(ENTROPY,),
                   n_envs=6, n_steps=5)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "fixtures")
    target.mkdir(exist_ok=True)
    main(target)
