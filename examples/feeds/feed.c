/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>

void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "feeds: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

void *take(size_t n, size_t size)
{
    void *block = calloc(n > 0 ? n : 1, size);
    if (block == NULL) {
        fprintf(stderr, "feeds: no memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

void feed_take(feed *f)
{
    const feed_kind *kind = f->kind;
    const size_t n = (size_t)kind->n, places = n * (size_t)kind->k;
    f->states = take(n * (size_t)kind->state_dim, sizeof *f->states);
    f->features = take(places * (size_t)kind->feature_dim, sizeof *f->features);
    f->candidates = take(places, sizeof *f->candidates);
    f->vectors = take(kind->is_fixed ? 0 : places * (size_t)kind->item_dim, sizeof *f->vectors);
    f->excluded = take(n * (size_t)kind->n_excluded, sizeof *f->excluded);
    f->sessions = take(n, sizeof *f->sessions);
    f->decisions = take(n, sizeof *f->decisions);
    f->times = take(n, sizeof *f->times);
    f->came.rewards = take(n, sizeof *f->came.rewards);
    f->came.is_over = take(n, sizeof *f->came.is_over);
    f->came.late_decisions = take(n, sizeof *f->came.late_decisions);
    f->came.late_rewards = take(n, sizeof *f->came.late_rewards);
}

void feed_give(feed *f)
{
    rr_items_release(f->items);
    free(f->states);
    free(f->features);
    free(f->candidates);
    free(f->vectors);
    free(f->excluded);
    free(f->sessions);
    free(f->decisions);
    free(f->times);
    free(f->came.rewards);
    free(f->came.is_over);
    free(f->came.late_decisions);
    free(f->came.late_rewards);
    free(f);
}

void feed_begin_session(feed *f, int32_t user)
{
    f->sessions[user] = ++f->n_sessions;
}

void feed_number(feed *f)
{
    const feed_kind *kind = f->kind;
    for (int32_t i = 0; i < kind->n; i++) {
        f->decisions[i] = ++f->n_decisions;
        f->times[i] = f->now;
    }
    f->obs = (rr_obs){.struct_size = sizeof f->obs,
                      .n = kind->n,
                      .n_candidates = kind->k,
                      .n_excluded = kind->n_excluded,
                      .state_dim = kind->state_dim,
                      .item_dim = f->items == NULL ? kind->item_dim : 0,
                      .feature_dim = kind->feature_dim,
                      .states = f->states,
                      .candidates = f->items != NULL ? f->candidates : NULL,
                      .features = f->features,
                      .vectors = f->items == NULL ? f->vectors : NULL,
                      .excluded = kind->n_excluded > 0 ? f->excluded : NULL,
                      .sessions = f->sessions,
                      .decisions = f->decisions,
                      .times = f->times};
}

int32_t feed_best(const float *scores, int32_t k)
{
    int32_t best = 0;
    for (int32_t c = 1; c < k; c++) {
        best = scores[c] > scores[best] ? c : best;
    }
    return best;
}
