/* SPDX-License-Identifier: MIT */
/* How often the intervals of rr_compare_returns hold the true difference, of differences of several
 * shapes: the table of docs/evaluation.md.
 *     intervals [ROUNDS]      default 8000; of 5000 sessions a quarter of them */
#include <stdio.h>
#include <stdlib.h>

#include "../eval/skewed.h"
#include "recrl/recrl.h"

enum { MOST = 5000 };

typedef struct tally {
    int rounds, student, corrected, said, when_not_said, either;
} tally;

static void play(tally *t, skewed_kind kind, int32_t n, uint64_t seed)
{
    static float a[MOST], b[MOST];
    rr_comparison out = {.struct_size = sizeof out};
    for (int32_t i = 0; i < n; i++) {
        a[i] = (float)skewed_value(kind, seed, (uint64_t)i);
    }
    if (rr_compare_returns(a, b, NULL, n, &out, NULL) != RR_OK) {
        exit(EXIT_FAILURE);
    }
    const double truth = skewed_means[kind];
    const int covers = out.difference_low <= truth && truth <= out.difference_high;
    t->rounds++;
    t->student += fabs(out.difference - truth) <= out.difference_interval;
    t->corrected += covers;
    t->said += out.is_too_few;
    t->when_not_said += covers && out.is_too_few == 0;
    t->either += covers || out.is_too_few != 0;
}

int main(int argc, char **argv)
{
    static const int32_t sizes[] = {40, 200, 1000, MOST};
    const int asked = argc > 1 ? atoi(argv[1]) : 8000;
    printf("%-18s %8s %9s %9s %9s %12s %12s\n", "differences", "sessions", "Student", "low…high",
           "too few", "…when not", "one of both");
    for (int kind = 0; kind < SKEWED_KINDS; kind++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            tally t = {0};
            const int rounds = sizes[s] < MOST ? asked : asked / 4;
            for (int round = 0; round < rounds; round++) {
                play(&t, (skewed_kind)kind, sizes[s], (uint64_t)round + 1000000 * s);
            }
            const double of = 100.0 / t.rounds, trusted = t.rounds - t.said;
            printf("%-18s %8d %7.1f %% %7.1f %% %7.1f %% %10.1f %% %10.1f %%\n", skewed_names[kind],
                   (int)sizes[s], of * t.student, of * t.corrected, of * t.said,
                   trusted > 0 ? 100.0 * t.when_not_said / trusted : (double)NAN, of * t.either);
        }
    }
    return 0;
}
