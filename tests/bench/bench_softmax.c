/* SPDX-License-Identifier: MIT */
/* bench_softmax.c: one policy-gradient step of an exact softmax over a large pool: log-probs and
 * entropies of 256 rows, dq and dV. Width 64.
 *
 * The work is counted as four products, 8 · rows · items · width: logits, logits again, dq, dV. The
 * limit is that over the peak of the cores used.
 *
 *   words: a number of items (10⁵ and 10⁶ without), or "growth": 10³ … 10⁶ */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "limits.h"
#include "policy/large_pool.h"

enum { ROWS = 256, DIM = 64 };

typedef struct step {
    size_t n_items;
    rri_catalogue catalogue;
    rri_head head;
    rri_menu menu;
    rri_logits_input in;
    rri_policy_tape tape;
    rri_workers *workers;
    rri_stack *stacks;
    size_t scratch_bytes;
    float *q, *dq, *vectors, *dV, *db, *log_probs, *d_log_probs;
    int32_t *actions;
} step;

static float *numbers(size_t n, float size)
{
    float *x = bench_block(n * sizeof *x);
    uint32_t state = 12345u;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = size * (float)(int32_t)state * 0x1p-31f;
    }
    return x;
}

static void make_scratch(step *s, int threads)
{
    const rri_logits_limits limits = {.n = ROWS, .n_items = s->n_items, .dim = DIM};
    const size_t each = rri_large_pool_scratch(s->in.kernels, &limits);
    const size_t first = each + rri_large_pool_shared_scratch(s->in.kernels, &limits);
    s->stacks = bench_block((size_t)threads * sizeof *s->stacks);
    for (int i = 0; i < threads; i++) {
        const size_t bytes = i == 0 ? first : each;
        s->stacks[i] = (rri_stack){.base = bench_block(bytes), .size = bytes};
        s->scratch_bytes += bytes;
    }
}

static void create(step *s, size_t n_items, int threads)
{
    *s = (step){.n_items = n_items};
    s->q = numbers(ROWS * DIM, 2.0f);
    s->vectors = numbers(n_items * DIM, 0.2f);
    s->dq = bench_block(ROWS * DIM * sizeof(float));
    s->dV = bench_block(n_items * DIM * sizeof(float));
    s->db = bench_block(n_items * sizeof(float));
    memset(s->dV, 0, n_items * DIM * sizeof(float));
    memset(s->db, 0, n_items * sizeof(float));
    s->log_probs = bench_block(ROWS * sizeof(float));
    s->d_log_probs = numbers(ROWS, 1.0f / ROWS);
    s->actions = bench_block(ROWS * sizeof(int32_t));
    for (size_t r = 0; r < ROWS; r++) {
        s->actions[r] = (int32_t)(r * 7919 % n_items);
    }
    s->tape = (rri_policy_tape){.maxima = bench_block(ROWS * sizeof(float)),
                                .log_sums = bench_block(ROWS * sizeof(double)),
                                .entropies = bench_block(ROWS * sizeof(float))};
    s->catalogue = (rri_catalogue){.n_items = n_items, .dim = DIM, .vectors = s->vectors};
    s->head = (rri_head){.scale = 1.5f};
    s->menu = (rri_menu){.n = ROWS};
    s->in = (rri_logits_input){.kernels = rri_kernels_detect(),
                               .catalogue = &s->catalogue,
                               .head = &s->head,
                               .menu = &s->menu,
                               .q = s->q};
    rri_allocator allocator;
    if (rri_allocator_init(&allocator, NULL, NULL) != RR_OK ||
        rri_workers_create(&s->workers, threads, &allocator, NULL) != RR_OK) {
        exit(1);
    }
    make_scratch(s, threads);
}

static void destroy(step *s)
{
    for (size_t i = 0; i < rri_workers_count(s->workers); i++) {
        free(s->stacks[i].base);
    }
    rri_workers_destroy(s->workers);
    void *blocks[] = {s->stacks,      s->q,
                      s->vectors,     s->dq,
                      s->dV,          s->db,
                      s->log_probs,   s->actions,
                      s->tape.maxima, s->tape.log_sums,
                      s->d_log_probs, s->tape.entropies};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        free(blocks[i]);
    }
}

static void take_step(void *what)
{
    step *s = what;
    rri_policy_sums sums = {0};
    rri_large_pool_forward(s->log_probs, &s->tape, &s->in, s->actions, s->workers, s->stacks);
    const rri_large_pool_slopes slopes = {s->actions, s->d_log_probs, -0.01f / ROWS};
    const rri_large_pool_gradients gradients = {
        .dq = s->dq, .sums = &sums, .dV = s->dV, .db = s->db};
    rri_large_pool_backward(&gradients, &s->tape, &s->in, &slopes, s->workers, s->stacks);
}

static void measure(bench *b, size_t n_items, const char *series)
{
    step s;
    create(&s, n_items, b->threads);
    const bench_times t = bench_throughput(b, take_step, &s);
    const double flop = 8.0 * ROWS * DIM * (double)n_items;
    char what[64], note[96];
    snprintf(what, sizeof what, "%zu items, %d rows", n_items, ROWS);
    snprintf(note, sizeof note, "%.1f GFLOP/s, %.2f MB of scratch", 1e-9 * flop / t.median,
             1e-6 * (double)s.scratch_bytes);
    const bench_result r = {.row = "softmax",
                            .what = what,
                            .series = series,
                            .x = (double)n_items,
                            .unit = "ms",
                            .ours = 1e3 * t.median,
                            .limit = 1e3 * flop / (limits_fma() * b->threads),
                            .limit_is = "8 rows items width / P",
                            .note = note};
    bench_tell(b, &r);
    destroy(&s);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[growth] [number of items]");
    if (bench_has(&b, "growth")) {
        static const size_t sizes[] = {1000, 3162, 10000, 31623, 100000, 316228, 1000000};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            measure(&b, sizes[i], "items");
        }
        return bench_end(&b);
    }
    for (int i = 0; i < b.n_words; i++) {
        measure(&b, (size_t)strtoull(b.words[i], NULL, 10), NULL);
    }
    if (b.n_words == 0) {
        measure(&b, 100000, NULL);
        measure(&b, 1000000, NULL);
    }
    return bench_end(&b);
}
