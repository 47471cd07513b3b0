/* SPDX-License-Identifier: MIT */
/* by_hand.c: one update computed with a pencil, beside the same update by the library.
 *
 *     by_hand ppo        docs/03_theory_ppo.md      clipped surrogate, Adam
 *     by_hand a2c        docs/04_theory_a2c.md      log-probability times advantage, RMSProp
 *
 * A user with state s = (1, 2) is offered three items, is shown the second one, likes it (reward 1)
 * and leaves. Everything that an actor and a critic can learn from this is here: query, scale,
 * features, repeats, item vectors and biases, both networks. The library is given the row twice,
 * because PPO wants two rows; the mean over two equal rows is the one row that is computed here.
 *
 * Shapes: state [2], hidden layers of 2 units, item vectors [3, 2], one feature an item. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATE = 2, HIDDEN = 2, DIM = 2, ITEMS = 3 };

/* Where each parameter lies in a flat array; names are those of rr_tensor. */
enum {
    A = 0,    /* [2, 2] actor.mlp.0.weight     h = tanh(A s + a) */
    A0 = 4,   /* [2]    actor.mlp.0.bias */
    U = 6,    /* [2, 2] actor.mlp.1.weight     m = U h + u */
    U0 = 10,  /* [2]    actor.mlp.1.bias */
    W = 12,   /* [2, 2] actor.skip.weight      q = W s + c m */
    TAU = 16, /* [1]    actor.log_scale        log τ */
    F = 17,   /* [1]    actor.feature_weights  w */
    K = 18,   /* [1]    actor.repeat_weight    κ */
    V = 19,   /* [3, 2] actor.items            v_i */
    B = 25,   /* [3]    actor.item_bias        b_i */
    C = 28,   /* [2, 2] critic.0.weight        g = tanh(C s + c0) */
    C0 = 32,  /* [2]    critic.0.bias */
    Y = 34,   /* [1, 2] critic.1.weight        V(s) = y·g + y0 */
    Y0 = 36,  /* [1]    critic.1.bias */
    ALL = 37
};

typedef struct tensor {
    const char *name;
    int at, n;
} tensor;

static const tensor tensors[] = {
    {"actor.mlp.0.weight", A, 4},    {"actor.mlp.0.bias", A0, 2},   {"actor.mlp.1.weight", U, 4},
    {"actor.mlp.1.bias", U0, 2},     {"actor.skip.weight", W, 4},   {"actor.log_scale", TAU, 1},
    {"actor.feature_weights", F, 1}, {"actor.repeat_weight", K, 1}, {"actor.items", V, 6},
    {"actor.item_bias", B, 3},       {"critic.0.weight", C, 4},     {"critic.0.bias", C0, 2},
    {"critic.1.weight", Y, 2},       {"critic.1.bias", Y0, 1},
};
enum { N_TENSORS = sizeof tensors / sizeof *tensors };

static const float start[ALL] = {
    0.5f,  -0.1f,  0.25f, 0.5f,               /* A */
    0.0f,  0.1f,                              /* a */
    1.0f,  0.5f,   -0.5f, 1.0f,               /* U */
    0.0f,  0.0f,                              /* u */
    0.25f, 0.0f,   0.0f,  0.25f,              /* W */
    0.5f,                                     /* log τ */
    0.75f,                                    /* w */
    0.2f,                                     /* κ */
    1.0f,  0.0f,   0.0f,  1.0f,  -1.0f, 0.5f, /* v */
    0.1f,  0.0f,   -0.1f,                     /* b */
    0.3f,  -0.2f,  0.1f,  0.4f,               /* C */
    0.05f, -0.05f,                            /* c0 */
    0.6f,  -0.4f,                             /* y */
    0.2f,                                     /* y0 */
};

/* The row: what was seen, sampled and earned. */
static const float state[STATE] = {1.0f, 2.0f};
static const float feature[ITEMS] = {0.2f, 1.0f, -0.4f};
static const int32_t count[ITEMS] = {0, 1, 2};
static const int32_t action = 1;
static const float reward = 1.0f;

/* What both algorithms have in common. */
static const double mlp_scale = 0.125, vf_coef = 1.0, ent_coef = 0.01, max_grad_norm = 0.5;
static const double clip_eps = 0.2, lr = 0.01, optimizer_eps = 1e-5;
/* The policy that drew the row gave it a probability 1/1.1 of today's, so ρ is 1.1. */
static const double ratio_at_start = 1.1;

/* ── forward ── */

typedef struct forward {
    double h[HIDDEN], m[DIM], q[DIM], z[ITEMS], p[ITEMS], log_p[ITEMS];
    double entropy, g[HIDDEN], value;
} forward;

static void run_forward(forward *f, const double *x)
{
    double largest = -INFINITY;
    for (int i = 0; i < HIDDEN; i++) {
        f->h[i] = tanh(x[A + 2 * i] * state[0] + x[A + 2 * i + 1] * state[1] + x[A0 + i]);
        f->g[i] = tanh(x[C + 2 * i] * state[0] + x[C + 2 * i + 1] * state[1] + x[C0 + i]);
    }
    for (int j = 0; j < DIM; j++) {
        f->m[j] = x[U + 2 * j] * f->h[0] + x[U + 2 * j + 1] * f->h[1] + x[U0 + j];
        f->q[j] = x[W + 2 * j] * state[0] + x[W + 2 * j + 1] * state[1] + mlp_scale * f->m[j];
    }
    for (int i = 0; i < ITEMS; i++) {
        const double dot = f->q[0] * x[V + 2 * i] + f->q[1] * x[V + 2 * i + 1];
        f->z[i] = exp(x[TAU]) * dot + x[F] * feature[i] + x[B + i] - x[K] * count[i];
        largest = fmax(largest, f->z[i]);
    }
    double sum = 0.0;
    for (int i = 0; i < ITEMS; i++) {
        sum += exp(f->z[i] - largest);
    }
    f->entropy = 0.0;
    for (int i = 0; i < ITEMS; i++) {
        f->log_p[i] = f->z[i] - largest - log(sum);
        f->p[i] = exp(f->log_p[i]);
        f->entropy -= f->p[i] * f->log_p[i];
    }
    f->value = x[Y] * f->g[0] + x[Y + 1] * f->g[1] + x[Y0];
}

/* ── backward: each line one factor of the chain ── */

/* d [37] ← ∂loss/∂parameters; g = ∂loss/∂log π(a), dV = ∂loss/∂V, e = ∂loss/∂H. */
static void run_backward(double *d, const forward *f, const double *x, double g, double dV,
                         double e)
{
    const double tau = exp(x[TAU]);
    double dq[DIM] = {0.0}, dh[HIDDEN] = {0.0};
    memset(d, 0, ALL * sizeof *d);
    for (int i = 0; i < ITEMS; i++) {
        const double dz = g * ((i == action) - f->p[i]) - e * f->p[i] * (f->log_p[i] + f->entropy);
        for (int j = 0; j < DIM; j++) {
            dq[j] += tau * dz * x[V + 2 * i + j];
            d[V + 2 * i + j] = tau * dz * f->q[j];
        }
        d[F] += dz * feature[i];
        d[B + i] = dz;
        d[K] -= dz * count[i];
    }
    d[TAU] = f->q[0] * dq[0] + f->q[1] * dq[1];
    for (int j = 0; j < DIM; j++) {
        const double dm = mlp_scale * dq[j];
        d[U0 + j] = dm;
        for (int i = 0; i < STATE; i++) {
            d[W + 2 * j + i] = dq[j] * state[i];
            d[U + 2 * j + i] = dm * f->h[i];
            dh[i] += dm * x[U + 2 * j + i];
        }
    }
    d[Y0] = dV;
    for (int i = 0; i < HIDDEN; i++) {
        const double da = dh[i] * (1.0 - f->h[i] * f->h[i]);
        const double dc = dV * x[Y + i] * (1.0 - f->g[i] * f->g[i]);
        d[A0 + i] = da;
        d[C0 + i] = dc;
        d[Y + i] = dV * f->g[i];
        for (int j = 0; j < STATE; j++) {
            d[A + 2 * i + j] = da * state[j];
            d[C + 2 * i + j] = dc * state[j];
        }
    }
}

/* ∂loss/∂log π(a). PPO: −ρ Â, and 0 where the cap binds; A2C: −Â. */
static double policy_slope(int is_ppo, double log_prob, double old_log_prob, double advantage)
{
    if (!is_ppo) {
        return -advantage;
    }
    const double ratio = exp(log_prob - old_log_prob);
    const double plain = ratio * advantage;
    const double capped = fmin(fmax(ratio, 1.0 - clip_eps), 1.0 + clip_eps) * advantage;
    return capped < plain ? 0.0 : -ratio * advantage;
}

/* ── one step ── */

/* The first step of each optimiser, from moments that are 0. */
static double first_step(int is_ppo, double gradient)
{
    if (is_ppo) { /* Adam: m = 0.1 d, v = 0.001 d², both divided by what they lack at t = 1 */
        const double m = (1.0 - 0.9) * gradient / (1.0 - 0.9);
        const double v = (1.0 - 0.999) * gradient * gradient / (1.0 - 0.999);
        return lr * m / (sqrt(v) + optimizer_eps);
    }
    const double v = (1.0 - 0.99) * gradient * gradient; /* RMSProp */
    return lr * gradient / (sqrt(v) + optimizer_eps);
}

/* after [37] ← the parameters after one update; tells the numbers on the way. */
static void update_by_hand(double *after, int is_ppo)
{
    double x[ALL], d[ALL], squares = 0.0;
    for (int i = 0; i < ALL; i++) {
        x[i] = start[i];
    }
    forward f;
    run_forward(&f, x);
    const double old_log_prob = f.log_p[action] - log(ratio_at_start);
    const double advantage = reward - f.value; /* δ of a session that ends: r + γ·0 − V(s) */
    const double g = policy_slope(is_ppo, f.log_p[action], old_log_prob, advantage);
    const double dV = vf_coef * (f.value - reward);
    run_backward(d, &f, x, g, dV, -ent_coef);
    for (int i = 0; i < ALL; i++) {
        squares += d[i] * d[i];
    }
    const double norm = sqrt(squares);
    const double scale = fmin(1.0, max_grad_norm / (norm + 1e-6));
    printf("q         %9.6f %9.6f\n", f.q[0], f.q[1]);
    printf("z         %9.6f %9.6f %9.6f\n", f.z[0], f.z[1], f.z[2]);
    printf("p         %9.6f %9.6f %9.6f   entropy %.6f\n", f.p[0], f.p[1], f.p[2], f.entropy);
    printf("V         %9.6f   advantage %.6f   g %.6f   dV %.6f\n", f.value, advantage, g, dV);
    printf("dz        %9.6f %9.6f %9.6f   dlogtau %.6f   dkappa %.6f   dw %.6f\n", d[B], d[B + 1],
           d[B + 2], d[TAU], d[K], d[F]);
    printf("dq        %9.6f %9.6f\n", d[W] / state[0], d[W + 2] / state[0]); /* dW = dq sᵀ */
    printf("norm      %9.6f   every slope times %.6f\n", norm, scale);
    for (int i = 0; i < ALL; i++) {
        after[i] = x[i] - first_step(is_ppo, d[i] * scale);
    }
}

/* ── the same by the library ── */

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static rr_agent *create_agent(int is_ppo)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.feature_dim = 1;
    config.hidden[0] = config.critic_hidden[0] = HIDDEN;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.has_bias = config.has_trained_items = 1;
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.update_epochs = 1;
    ppo.has_advantage_norm = 0;
    ppo.ent_coef = (float)ent_coef;
    ppo.lr = (float)lr;
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    a2c.ent_coef = (float)ent_coef;
    a2c.lr = (float)lr;
    rr_items *items;
    require(rr_items_create(&items, start + V, NULL, ITEMS, DIM, NULL, NULL, &err));
    rr_agent *agent;
    const void *algo_config = is_ppo ? (const void *)&ppo : (const void *)&a2c;
    require(rr_agent_create(&agent, &config, algo_config, items, NULL, &err));
    rr_items_release(items);
    for (int t = 0; t < N_TENSORS; t++) {
        require(
            rr_agent_set_tensor(agent, tensors[t].name, start + tensors[t].at, tensors[t].n, &err));
    }
    return agent;
}

/* The row, twice, in lock step. */
static void update_by_library(float *after, int is_ppo)
{
    rr_agent *agent = create_agent(is_ppo);
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = 2;
    config.state_dim = STATE;
    config.feature_dim = 1;
    config.max_candidates = ITEMS;
    rr_buffer *buffer;
    require(rr_buffer_create(&buffer, &config, NULL, &err));

    float states[2][STATE], features[2][ITEMS], rewards[2] = {reward, reward};
    int32_t candidates[2][ITEMS], counts[2][ITEMS], actions[2] = {action, action};
    for (int row = 0; row < 2; row++) {
        memcpy(states[row], state, sizeof state);
        memcpy(features[row], feature, sizeof feature);
        memcpy(counts[row], count, sizeof count);
        for (int i = 0; i < ITEMS; i++) {
            candidates[row][i] = i;
        }
    }
    rr_obs obs = {.struct_size = sizeof obs, .n = 2, .state_dim = STATE};
    obs.n_candidates = ITEMS;
    obs.feature_dim = 1;
    obs.states = states[0];
    obs.candidates = candidates[0];
    obs.features = features[0];
    obs.counts = counts[0];
    float log_probs[2], values[2];
    require(rr_agent_evaluate(agent, &obs, actions, log_probs, NULL, values, &err));
    log_probs[0] -= (float)log(ratio_at_start);
    log_probs[1] = log_probs[0];
    rr_decision decision = {.struct_size = sizeof decision, .n = 2};
    decision.actions = actions;
    decision.log_probs = log_probs;
    decision.values = values;
    require(rr_buffer_record(buffer, &obs, &decision, &err));
    const uint8_t terminated[2] = {1, 1};
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = 2};
    outcome.rewards = rewards;
    outcome.terminated = terminated;
    require(rr_buffer_reward(buffer, &outcome, &err));
    require(rr_agent_update(agent, buffer, NULL, NULL, &err));

    for (int32_t t = 0; t < rr_agent_tensor_count(agent); t++) {
        rr_tensor view = {.struct_size = sizeof view};
        require(rr_agent_tensor_at(agent, t, &view, &err));
        for (int i = 0; i < N_TENSORS; i++) {
            if (strcmp(view.name, tensors[i].name) == 0) {
                memcpy(after + tensors[i].at, view.data, (size_t)tensors[i].n * sizeof *after);
            }
        }
    }
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
}

int main(int argc, char **argv)
{
    const int is_ppo = argc == 2 && strcmp(argv[1], "ppo") == 0;
    if (!is_ppo && (argc != 2 || strcmp(argv[1], "a2c") != 0)) {
        (void)fprintf(stderr, "usage: by_hand ppo|a2c\n");
        return 2;
    }
    double by_hand[ALL], worst = 0.0;
    float by_library[ALL];
    update_by_hand(by_hand, is_ppo);
    update_by_library(by_library, is_ppo);
    printf("\nfirst number of each tensor     before     by hand   library\n");
    for (int t = 0; t < N_TENSORS; t++) {
        const int at = tensors[t].at;
        printf("%-26s   %10.6f  %10.6f  %10.6f\n", tensors[t].name, (double)start[at], by_hand[at],
               (double)by_library[at]);
    }
    for (int i = 0; i < ALL; i++) {
        worst = fmax(worst, fabs(by_hand[i] - (double)by_library[i]));
    }
    printf("all %d parameters agree to %s\n", ALL, worst < 1e-6 ? "six digits" : "less");
    return worst < 1e-6 ? 0 : 1;
}
