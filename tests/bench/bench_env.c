/* SPDX-License-Identifier: MIT */
/* bench_env: rr_env alone, 1024 sessions of 20 steps at its defaults, shown random items.
 *
 *   1000 · 1000000   that many items
 *   growth           series items (10³ … 10⁶) and sessions (1 … 4096), on request
 *
 * The limit is the bytes that a step must move, read at the rate of the level that holds them:
 * what a session keeps from the second, its item's vector from the memory once the catalogue is
 * larger than the caches. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum { N_SESSIONS = 1024, N_PATTERNS = 64, STEPS = 20 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_env: %s\n", err.text);
        exit(1);
    }
}

typedef struct world {
    rr_env *env;
    size_t n_sessions, next;
    int32_t *actions; /* [N_PATTERNS, n_sessions] */
} world;

static world create(size_t n_sessions, size_t n_items)
{
    world w = {.n_sessions = n_sessions};
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = (int32_t)n_sessions;
    config.num_items = (int32_t)n_items;
    require(rr_env_create(&w.env, &config, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(w.env, &err));
    w.actions = bench_block(N_PATTERNS * n_sessions * sizeof *w.actions);
    uint64_t state = 1;
    for (size_t i = 0; i < N_PATTERNS * n_sessions; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        w.actions[i] = (int32_t)((state >> 33) % n_items);
    }
    return w;
}

static void step(void *what)
{
    world *w = what;
    rr_outcome outcome = {.struct_size = sizeof outcome};
    require(rr_env_step(w->env, w->actions + w->next * w->n_sessions, &outcome, &err));
    w->next = (w->next + 1) % N_PATTERNS;
}

/* State, shown items and histories are read and written; a vector is read and becomes half of the
 * state. */
static double limit_of(size_t n_items)
{
    const double kept = 2.0 * (64.0 * 4.0 + STEPS * 4.0 * 2.0) + STEPS * 4.0 / 2.0;
    const double vector = 32.0 * 4.0;
    const bool is_far = (double)n_items * vector > 64e6;
    return 1.0 / (kept / limits_read(LIMITS_L2) +
                  vector / limits_read(is_far ? LIMITS_MEMORY : LIMITS_L2));
}

static void measure(bench *b, size_t n_sessions, size_t n_items, const char *what,
                    const char *series, double x)
{
    world w = create(n_sessions, n_items);
    const bench_times times = bench_throughput(b, step, &w);
    bench_tell(b, &(bench_result){.row = "env",
                                  .what = what,
                                  .series = series,
                                  .x = x,
                                  .threads = 1,
                                  .unit = "steps/s",
                                  .ours = (double)n_sessions / times.median,
                                  .limit = limit_of(n_items),
                                  .limit_is = "the bytes of a step / the rate of their level"});
    free(w.actions);
    rr_env_destroy(w.env);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[1000] [1000000] [growth]");
    if (bench_wants(&b, "1000")) {
        measure(&b, N_SESSIONS, 1000, "1000 items", NULL, 0.0);
    }
    if (bench_wants(&b, "1000000")) {
        measure(&b, N_SESSIONS, 1000000, "1000000 items", NULL, 0.0);
    }
    if (bench_has(&b, "growth")) {
        for (size_t n = 1000; n <= 1000000; n *= 10) {
            measure(&b, N_SESSIONS, n, "growth", "items", (double)n);
        }
        for (size_t n = 1; n <= 4096; n *= 8) {
            measure(&b, n, 1000, "growth", "sessions", (double)n);
        }
    }
    return bench_end(&b);
}
