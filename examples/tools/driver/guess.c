/* SPDX-License-Identifier: MIT */
#include "guess.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 63 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Letters to put in, to leave out, to change, or to swap with the next one [Damerau 1964]. */
static int distance(const char *a, const char *b)
{
    int at[MOST + 1][MOST + 1]; /* of the first i letters of a and j of b */
    const int m = smaller((int)strlen(a), MOST);
    const int n = smaller((int)strlen(b), MOST);
    for (int i = 0; i <= m; i++) {
        for (int j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                at[i][j] = i + j;
                continue;
            }
            const int changed = at[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
            at[i][j] = smaller(changed, 1 + smaller(at[i - 1][j], at[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                at[i][j] = smaller(at[i][j], at[i - 2][j - 2] + 1);
            }
        }
    }
    return at[m][n];
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
