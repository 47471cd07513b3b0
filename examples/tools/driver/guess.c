/* SPDX-License-Identifier: MIT */
#include "guess.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 63 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Letters to put in, to leave out or to change [Levenshtein 1966]. */
static int distance(const char *a, const char *b)
{
    int row[MOST + 1];
    const int n = smaller((int)strlen(b), MOST);
    for (int j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (int i = 0; a[i] != '\0'; i++) {
        int diagonal = row[0];
        row[0] = i + 1;
        for (int j = 0; j < n; j++) {
            const int changed = diagonal + (a[i] != b[j] ? 1 : 0);
            diagonal = row[j + 1];
            row[j + 1] = smaller(changed, 1 + smaller(row[j], row[j + 1]));
        }
    }
    return row[n];
}

void guess_begin(guess *g, const char *word)
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {{"learning-rate", "lr"},
                 {"discount", "gamma"},
                 {"steps", "total-timesteps"},
                 {"timesteps", "total-timesteps"},
                 {"epochs", "update-epochs"},
                 {"n-epochs", "update-epochs"},
                 {"batch", "batch-size"},
                 {"minibatch-size", "batch-size"},
                 {"entropy-coef", "ent-coef"},
                 {"clip-range", "clip-eps"},
                 {"threads", "num-threads"},
                 {"num-envs", "n-envs"},
                 {"env", "world"},
                 {"dataset", "world"},
                 {"output", "name"},
                 {"exp-name", "name"}};
    const int length = (int)strlen(word);
    g->word = word;
    g->best[0] = '\0';
    g->distance = length / 3 < 1 ? 2 : length / 3 + 1; /* what is farther was not meant */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i].theirs) == 0) {
            snprintf(g->best, sizeof g->best, "%s", names[i].ours);
            g->distance = 0;
        }
    }
}

void guess_offer(guess *g, const char *name)
{
    const int d = distance(g->word, name);
    if (d < g->distance) {
        g->distance = d;
        snprintf(g->best, sizeof g->best, "%s", name);
    }
}
