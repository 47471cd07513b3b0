/* SPDX-License-Identifier: MIT */
#include "segments.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a;
    const int32_t y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static int32_t met_by(const world *w, int32_t user)
{
    return w->n_met[w->user_rows[WORLD_TEST][user]];
}

void segments_open(segments *s, const world *w)
{
    memset(s, 0, sizeof *s);
    const int32_t n = w->n_users[WORLD_TEST];
    if (w->users[WORLD_TEST] == NULL || n < 3) {
        return;
    }
    int32_t *met = text_allocate((size_t)n, sizeof(int32_t));
    for (int32_t i = 0; i < n; i++) {
        met[i] = met_by(w, i);
    }
    qsort(met, (size_t)n, sizeof *met, ascending);
    s->n = 2;
    s->at[0].name = "new";
    s->at[0].cut = met[n / 3 - 1];
    s->at[1].name = "heavy";
    s->at[1].cut = met[n - n / 3];
    for (int i = 0; i < s->n; i++) {
        s->at[i].is_in = text_allocate((size_t)n, 1);
        for (int32_t u = 0; u < n; u++) {
            const bool is_in = i == 0 ? met_by(w, u) <= s->at[i].cut : met_by(w, u) >= s->at[i].cut;
            s->at[i].is_in[u] = is_in ? 1 : 0;
            s->at[i].n_users += is_in ? 1 : 0;
        }
    }
    free(met);
}

void segments_close(segments *s)
{
    for (int i = 0; i < s->n; i++) {
        free(s->at[i].is_in);
    }
    s->n = 0;
}
