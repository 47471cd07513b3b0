/* SPDX-License-Identifier: MIT */
/* formulation.c: what it costs to write a feed down in one way or in another.
 *
 *     formulation        docs/02_rl_formulation.md §3, §6, §7
 *
 * In the tiring world a user has an energy that falls with every item that is shown, by how much
 * the item pulls; at 0 she leaves. A2C learns in it four times:
 *   - as it is: the state does not show the energy, and who left has terminated;
 *   - with the energy in the state. Its second half is the vector of the item shown last, whose
 *     last number is the pull, so a host can add up;
 *   - with users who left said to be cut off, so that the critic answers for what would have come;
 *   - with γ = 0, as a bandit would. */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 64, STEPS = 5, WIDTH = 64, UPDATES = 300, LAST = UPDATES / 4, SEEDS = 1 };
static const float TIRE = 0.2f;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        (void)fprintf(stderr, "formulation: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

/* What the host keeps of its users beside what the environment says. */
typedef struct room {
    float energy[USERS], earned[USERS];
    float states[USERS * (WIDTH + 1)], final_states[USERS * (WIDTH + 1)];
    double sum;   /* of the returns of sessions that ended in the last updates */
    int n_ended;  /* such sessions */
    double known; /* sum of explained_variance over these updates */
} room;

typedef struct variant {
    const char *name;
    int is_shown;   /* states have the energy */
    int is_cut_off; /* leaving is said to be a cut-off session */
    float gamma;
} variant;

static const variant variants[] = {
    {"as it is", 0, 0, 0.98f},
    {"the energy in the state", 1, 0, 0.98f},
    {"who left was cut off", 0, 1, 0.98f},
    {"gamma 0", 0, 0, 0.0f},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static const variant *v; /* the one that is tried */

/* out [USERS, width] ← states [USERS, WIDTH] and what is left of each user's energy. */
static rr_obs with_energy(float *out, float *energy, const rr_obs *obs)
{
    const size_t width = (size_t)(WIDTH + v->is_shown);
    for (size_t i = 0; i < USERS; i++) {
        energy[i] -= TIRE * obs->states[i * WIDTH + WIDTH - 1]; /* 0 where a session begins */
        memcpy(out + i * width, obs->states + i * WIDTH, WIDTH * sizeof(float));
        if (v->is_shown) {
            out[i * width + WIDTH] = energy[i];
        }
    }
    rr_obs seen = *obs;
    seen.states = out;
    seen.state_dim = (int32_t)width;
    return seen;
}

static rr_obs look(room *r, rr_env *env)
{
    rr_obs obs = {.struct_size = sizeof obs};
    require(rr_env_observe(env, &obs, &err));
    return with_energy(r->states, r->energy, &obs);
}

/* What the users did; sessions that ended begin anew. */
static void hear(room *r, rr_buffer *buffer, const rr_outcome *outcome, int is_counted)
{
    float energy[USERS];
    memcpy(energy, r->energy, sizeof energy);
    const rr_obs final = with_energy(r->final_states, energy, outcome->final_obs);
    uint8_t is_over[USERS], is_cut[USERS];
    for (int i = 0; i < USERS; i++) {
        is_over[i] = outcome->terminated[i] != 0 && !v->is_cut_off;
        is_cut[i] = outcome->truncated[i] != 0 || (outcome->terminated[i] != 0 && v->is_cut_off);
    }
    rr_outcome heard = *outcome;
    heard.terminated = is_over;
    heard.truncated = is_cut;
    heard.final_obs = &final;
    require(rr_buffer_reward(buffer, &heard, &err));
    for (int i = 0; i < USERS; i++) {
        r->earned[i] += outcome->rewards[i];
        if (outcome->terminated[i] != 0 || outcome->truncated[i] != 0) {
            r->sum += is_counted ? (double)r->earned[i] : 0.0;
            r->n_ended += is_counted;
            r->energy[i] = 1.0f;
            r->earned[i] = 0.0f;
        }
    }
}

static rr_env *create_world(uint64_t seed)
{
    rr_env *env;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = USERS;
    config.num_items = 200;
    config.tire = TIRE;
    config.max_episode_steps = 40;
    config.seed = seed;
    require(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(env, &err));
    return env;
}

static rr_agent *create_agent(rr_env *env, uint64_t seed)
{
    rr_agent *agent;
    rr_agent_config shape;
    rr_a2c_config config;
    rr_agent_config_init(&shape, sizeof shape);
    shape.state_dim = WIDTH + v->is_shown;
    shape.seed = seed;
    rr_a2c_config_init(&config, sizeof config);
    config.gamma = v->gamma;
    config.gae_lambda = 0.3f;
    require(rr_agent_create(&agent, &shape, &config, rr_env_items(env), NULL, &err));
    return agent;
}

static void learn(room *r, uint64_t seed)
{
    int32_t actions[USERS];
    float log_probs[USERS], values[USERS];
    rr_env *env = create_world(seed);
    rr_agent *agent = create_agent(env, seed);
    rr_buffer *buffer;
    rr_buffer_config rows;
    rr_buffer_config_init(&rows, sizeof rows);
    require(rr_agent_fit_buffer_config(agent, USERS, &rows, &err));
    rows.max_rows = USERS * STEPS;
    rows.max_history = 40;
    require(rr_buffer_create(&buffer, &rows, NULL, &err));
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_stats stats = {.struct_size = sizeof stats};
    rr_decision decision = {.struct_size = sizeof decision, .n = USERS};
    decision.actions = actions;
    decision.log_probs = log_probs;
    decision.values = values;
    for (int i = 0; i < USERS; i++) {
        r->energy[i] = 1.0f;
        r->earned[i] = 0.0f;
    }
    rr_obs seen = look(r, env);
    for (int update = 0; update < UPDATES; update++) {
        const int is_counted = update >= UPDATES - LAST;
        while (!rr_buffer_is_full(buffer)) {
            require(rr_agent_act(agent, &seen, &decision, &err));
            require(rr_buffer_record(buffer, &seen, &decision, &err));
            require(rr_env_step(env, actions, &outcome, &err));
            hear(r, buffer, &outcome, is_counted);
            seen = look(r, env);
        }
        require(rr_agent_update(agent, buffer, &seen, &stats, &err));
        r->known += is_counted ? (double)stats.explained_variance : 0.0;
    }
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_env_destroy(env);
}

int main(void)
{
    static room r;
    printf("variant                    return of a session   explained variance\n");
    for (int i = 0; i < VARIANTS; i++) {
        v = &variants[i];
        r.sum = r.known = 0.0;
        r.n_ended = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            learn(&r, seed);
        }
        printf("%-24s  %20.1f   %18.2f\n", v->name, r.sum / r.n_ended, r.known / (LAST * SEEDS));
    }
    return EXIT_SUCCESS;
}
