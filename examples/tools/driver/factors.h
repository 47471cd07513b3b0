/* SPDX-License-Identifier: MIT */
/* factors.h: how well what users met next is ranked, by a policy and by those that do not learn
 * from rewards.
 *
 * Of each user, the latest tenth of what was met is to be found among all items that the user had
 * not met before (recall@20, NDCG@20). Nobody who ranks has seen it: vectors are fitted without it,
 * and a policy was trained in the world that they make. */
#ifndef EXAMPLES_DRIVER_FACTORS_H
#define EXAMPLES_DRIVER_FACTORS_H

#include "json.h"
#include "settings.h"
#include "world.h"

enum { FACTORS_RANKED = 20 /* k of recall@k and NDCG@k */, FACTORS_MOST_ROWS = 5 };

typedef struct factors_row {
    const char *name;
    double recall, recall_interval, ndcg, ndcg_interval;
} factors_row;

typedef struct factors_table {
    int64_t n_users; /* that have something held out */
    bool is_random;  /* what is held out: not the latest, since there are no times */
    int n;
    factors_row at[FACTORS_MOST_ROWS];
} factors_table;

/* Rows are added behind those that are there. Over the users that no policy was trained on: the
 * agent's greedy ranking at the start of a session. Leaves the agent as it was. */
void factors_add_agent(factors_table *t, const world *w, const settings *s, rr_agent *agent);
/* Beside it: popular items, the world's own vectors (explicit), and vectors that are fitted to what
 * was met instead of how it was rated (implicit). */
void factors_add_others(factors_table *t, const world *w, const settings *s);

/* Index of the row with the largest recall; how the first row, the policy, stands to it: level
 * where it is within the policy's interval. */
enum { FACTORS_BEHIND, FACTORS_LEVEL, FACTORS_AHEAD };
int factors_best(const factors_table *t);
int factors_verdict(const factors_table *t);

/* An empty table, that of a synthetic world, prints nothing. */
void factors_print(FILE *out, const factors_table *t);
/* Sentences: what is compared, and what a policy trained for rewards can be expected to do. */
void factors_explain(FILE *out, const factors_table *t);
/* The member "ranking". */
void factors_write_json(json *j, const factors_table *t);

#endif
