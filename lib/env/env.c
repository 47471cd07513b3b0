/* SPDX-License-Identifier: MIT */
/* env.c: what an environment is made of; how it moves is in sessions.c. */
#include "env/env.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/status.h"
#include "env/sessions.h"
#include "env/user_model.h"

/* The longest user times the longest item must be below this, so that no reward is infinite. */
#define MOST_SIMILARITY 1e37

static void layout_rows(const rr_env *env, rri_env_rows *rows, rri_arena *arena)
{
    rows->states = RRI_TAKE(arena, float, rri_size_multiply(env->n_envs, env->state_dim));
    rows->candidates =
        env->k > 0 ? RRI_TAKE(arena, int32_t, rri_size_multiply(env->n_envs, env->k)) : NULL;
    rows->history =
        env->h > 0 ? RRI_TAKE(arena, int32_t, rri_size_multiply(env->n_envs, env->h)) : NULL;
    rows->history_rewards =
        env->h > 0 ? RRI_TAKE(arena, float, rri_size_multiply(env->n_envs, env->h)) : NULL;
    rows->excluded =
        env->m > 0 ? RRI_TAKE(arena, int32_t, rri_size_multiply(env->n_envs, env->m)) : NULL;
}

/* Takes the slices of an environment whose sizes are set. */
static void layout(rr_env *env, rri_arena *arena)
{
    const size_t n = env->n_envs;
    const size_t n_users = env->users.n_users;
    env->table = n_users > 0 ? RRI_TAKE(arena, float, rri_size_multiply(n_users, env->dim)) : NULL;
    env->mean_user = RRI_TAKE(arena, float, env->dim);
    env->sums = RRI_TAKE(arena, double, env->dim);
    env->random_user = RRI_TAKE(arena, float, env->dim);
    env->powers = RRI_TAKE(arena, float, env->max_steps);
    env->seen = env->k > 0 ? RRI_TAKE(arena, int32_t, rri_world_list_table(env->k)) : NULL;
    layout_rows(env, &env->present, arena);
    layout_rows(env, &env->final, arena);
    env->sessions = RRI_TAKE(arena, uint64_t, n);
    env->steps = RRI_TAKE(arena, int32_t, n);
    env->energies = RRI_TAKE(arena, float, n);
    env->shown = RRI_TAKE(arena, int32_t, rri_size_multiply(n, env->max_steps));
    env->hidden =
        env->config.hides_user ? RRI_TAKE(arena, float, rri_size_multiply(n, env->dim)) : NULL;
    env->rewards = RRI_TAKE(arena, float, n);
    env->terminated = RRI_TAKE(arena, uint8_t, n);
    env->truncated = RRI_TAKE(arena, uint8_t, n);
}

/* What the config's table cannot see, since it takes two fields or the items to tell. */
static rr_status check_config(const rr_env_config *config, const rr_items *items, bool has_users,
                              rr_error *err)
{
    if (config->tire > 0.0f && (items != NULL || has_users)) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "env config: tire is %g with %s given; a tiring world draws its own, so tire must "
                 "be 0 here",
                 (double)config->tire, items != NULL ? "items" : "users");
    }
    if (items != NULL && (size_t)config->state_dim != 2 * rri_items_dim(items)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "env config: state_dim is %d; it must be %zu, twice the width of the items",
                 config->state_dim, 2 * rri_items_dim(items));
    }
    if (config->num_folded > config->state_dim / 2) {
        RRI_FAIL(err, RR_E_INVALID,
                 "env config: num_folded is %d; it must be in [0, %d], the width of the items",
                 config->num_folded, config->state_dim / 2);
    }
    if (config->shows_energy && config->state_dim > INT32_MAX - 2) {
        RRI_FAIL(err, RR_E_INVALID,
                 "env config: state_dim is %d with shows_energy; it must be at most %d",
                 config->state_dim, INT32_MAX - 2);
    }
    const size_t n_items = items != NULL ? rri_items_count(items) : (size_t)config->num_items;
    if ((size_t)config->num_candidates > n_items) {
        RRI_FAIL(err, RR_E_INVALID,
                 "env config: num_candidates is %d; it must be in [0, %zu], the number of items",
                 config->num_candidates, n_items);
    }
    const size_t n_choices = config->num_candidates > 0 ? (size_t)config->num_candidates : n_items;
    if (config->excludes_shown && n_choices <= (size_t)config->max_episode_steps) {
        RRI_FAIL(err, RR_E_INVALID,
                 "env config: max_episode_steps is %d with excludes_shown; it must be below %zu, "
                 "the %s, so that there is always something new",
                 config->max_episode_steps, n_choices,
                 config->num_candidates > 0 ? "length of lists" : "number of items");
    }
    const uint64_t n_draws =
        ((uint64_t)config->max_episode_steps + 1) * (uint64_t)config->num_candidates;
    if (n_draws > UINT32_MAX) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "env config: num_candidates is %d with max_episode_steps %d; (max_episode_steps + "
                 "1) × num_candidates must be below 2^32",
                 config->num_candidates, config->max_episode_steps);
    }
    return RR_OK;
}

/* Square of the longest of rows [n, dim]; the first value that is not finite goes into *bad. */
static double longest_square(const float *rows, size_t n, size_t dim, size_t *bad)
{
    double longest = 0.0;
    for (size_t i = 0; i < n; i++) {
        double square = 0.0;
        for (size_t j = 0; j < dim; j++) {
            const double x = (double)rows[i * dim + j];
            if (!isfinite(x)) {
                *bad = i * dim + j;
                return NAN;
            }
            square += x * x;
        }
        longest = square > longest ? square : longest;
    }
    return longest;
}

static rr_status check_vectors(const rr_items *items, const float *users, size_t n_users,
                               size_t dim, rr_error *err)
{
    size_t bad = 0;
    double user_square = 100.0 * (double)dim; /* a random coordinate is never beyond 8.6 */
    if (users != NULL) {
        user_square = longest_square(users, n_users, dim, &bad);
        if (isnan(user_square)) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "env: users[%zu][%zu] is %g; it must be finite",
                     bad / dim, bad % dim, (double)users[bad]);
        }
    }
    if (items == NULL) {
        return RR_OK; /* random items are short */
    }
    const double item_square =
        longest_square(rri_items_vectors(items), rri_items_count(items), dim, &bad);
    const double most = sqrt(user_square) * sqrt(item_square);
    if (!(most < MOST_SIMILARITY)) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "env: a user times an item may reach %g; it must stay below %g, so that rewards are "
            "finite",
            most, MOST_SIMILARITY);
    }
    return RR_OK;
}

/* The sizes and plain fields of an environment that has no memory yet. */
static void describe(rr_env *env, const rr_env_config *config, const rr_items *items,
                     size_t n_users, const rri_allocator *allocator)
{
    memset(env, 0, sizeof *env);
    env->config = *config;
    if (items != NULL) {
        env->config.num_items = (int32_t)rri_items_count(items);
    }
    if (config->history_length < 0) {
        env->config.history_length = config->max_episode_steps;
    }
    env->allocator = *allocator;
    env->kernels = rri_kernels_detect();
    env->n_envs = (size_t)config->n_envs;
    env->dim = (size_t)config->state_dim / 2;
    env->state_dim = 2 * env->dim + (config->shows_energy ? 2 : 0);
    env->n_items = (size_t)env->config.num_items;
    env->k = (size_t)config->num_candidates;
    env->h = (size_t)env->config.history_length;
    env->max_steps = (size_t)config->max_episode_steps;
    env->m = config->excludes_shown ? env->max_steps : 0;
    const bool has_pull = config->tire > 0.0f;
    const size_t n_kept = has_pull && config->num_folded == 0 ? 1 : (size_t)config->num_folded;
    env->n_free = env->dim - n_kept;
    env->users = (rri_world_users){
        .seed = config->seed, .n_users = n_users, .dim = env->dim, .has_pull = has_pull};
}

/* Fills what does not change any more. */
static rr_status furnish(rr_env *env, rr_items *items, const float *users, rr_error *err)
{
    if (items != NULL) {
        rri_items_retain(items);
        env->items = items;
    } else {
        RRI_TRY(rri_world_create_items(&env->items, &env->config, &env->allocator, err));
    }
    env->vectors = rri_items_vectors(env->items);
    if (users != NULL) {
        memcpy(env->table, users, env->users.n_users * env->dim * sizeof(float));
        env->users.table = env->table;
        env->users_fingerprint =
            rri_hash_bytes(env->table, env->users.n_users * env->dim * sizeof(float), 0);
    }
    rri_user_model_powers(env->powers, env->config.reward_decay, env->max_steps);
    rri_world_mean_user(env->mean_user, &env->users, env->random_user, env->sums);
    return RR_OK;
}

/* What the handle takes, of an environment that has been described. */
static rr_status measure(size_t *bytes, rr_env *env, rr_error *err)
{
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_env, 1);
    layout(env, &counting);
    if (counting.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "env: %d sessions of up to %d steps do not fit into memory",
                 env->config.n_envs, env->config.max_episode_steps);
    }
    *bytes = counting.used;
    return RR_OK;
}

rr_status rri_env_memory(size_t *bytes, const rr_env_config *config, const rr_items *items,
                         size_t n_users, rr_error *err)
{
    RRI_TRY(check_config(config, items, n_users > 0, err));
    rr_env sized;
    size_t of_items = 0;
    describe(&sized, config, items, n_users, &(rri_allocator){0});
    RRI_TRY(measure(bytes, &sized, err));
    if (items == NULL) {
        RRI_TRY(rri_items_memory(&of_items, config->num_items, (int32_t)sized.dim, 0, false, err));
    }
    *bytes = rri_size_add(*bytes, of_items);
    return RR_OK;
}

rr_status rri_env_create(rr_env **out, const rr_env_config *config, rr_items *items,
                         const float *users, size_t n_users, const rri_allocator *allocator,
                         rr_error *err)
{
    RRI_TRY(check_config(config, items, users != NULL, err));
    RRI_TRY(check_vectors(items, users, n_users, (size_t)config->state_dim / 2, err));
    rr_env sized;
    describe(&sized, config, items, users != NULL ? n_users : 0, allocator);

    size_t bytes = 0;
    RRI_TRY(measure(&bytes, &sized, err));
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, bytes, allocator, "the environment", err));
    rr_env *env = RRI_TAKE(&arena, rr_env, 1);
    *env = sized;
    env->block_bytes = bytes;
    layout(env, &arena);

    const rr_status status = furnish(env, items, users, err);
    if (status != RR_OK) {
        rri_env_destroy(env);
        return status;
    }
    *out = env;
    return RR_OK;
}

void rri_env_seed(rr_env *env, uint64_t seed)
{
    const size_t n = env->n_envs;
    env->config.seed = env->users.seed = seed;
    rri_world_mean_user(env->mean_user, &env->users, env->random_user, env->sums);
    env->next_session = 0;
    env->is_begun = 0;
    /* What a checkpoint stores is that of a fresh environment, too. */
    memset(env->present.states, 0, n * env->state_dim * sizeof(float));
    memset(env->sessions, 0, n * sizeof(uint64_t));
    memset(env->steps, 0, n * sizeof(int32_t));
    memset(env->energies, 0, n * sizeof(float));
    memset(env->shown, 0, n * env->max_steps * sizeof(int32_t));
    if (env->hidden != NULL) {
        memset(env->hidden, 0, n * env->dim * sizeof(float));
    }
    if (env->h > 0) {
        memset(env->present.history_rewards, 0, n * env->h * sizeof(float));
    }
}

void rri_env_destroy(rr_env *env)
{
    if (env != NULL) {
        const rri_allocator allocator = env->allocator;
        rri_items_release(env->items);
        rri_memory_release(&allocator, env, env->block_bytes);
    }
}
