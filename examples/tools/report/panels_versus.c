/* SPDX-License-Identifier: MIT */
/* panels_versus.c: the first recipe beside each of the others, session by session. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/text.h"
#include "driver/versus.h"
#include "figure.h"
#include "page.h"
#include "panels.h"

enum { MOST_PAIRS = 2 * RUNS_MOST_GROUPS };

typedef struct pair {
    int group; /* of the one that the first is compared with */
    bool is_greedy;
    int n_worlds;   /* in which both have runs */
    versus_row row; /* first − other */
} pair;

/* Mean return of each session over a group's seeds in one world; false where it has none. */
static bool mean_returns(float *means, const stage *s, const char *name, int group)
{
    int n = 0;
    for (int i = 0; i < s->n_acts; i++) {
        const stage_act *a = &s->acts[i];
        if (a->group != group || strcmp(a->name, name) != 0) {
            continue;
        }
        n += 1;
        for (int32_t j = 0; j < s->n_sessions; j++) {
            means[j] += (a->returns[j] - means[j]) / (float)n;
        }
    }
    return n > 0;
}

/* Users of another world are other users. */
static void add_users(int32_t *users, const stage *s, int index)
{
    for (int32_t i = 0; i < s->n_sessions; i++) {
        users[i] = s->users[i] < 0 ? -1 : s->users[i] + index * s->world.n_users[WORLD_TEST];
    }
}

static void compare(pair *p, const runs *r, const scene *s, int first)
{
    char names[2][300];
    const int groups[] = {first, p->group};
    const int32_t n = s->stages[0]->n_sessions;
    const size_t most = (size_t)s->n * (size_t)n;
    float *returns[2] = {text_allocate(most, sizeof(float)), text_allocate(most, sizeof(float))};
    int32_t *users = text_allocate(most, sizeof(int32_t));
    for (int i = 0; i < 2; i++) {
        snprintf(names[i], sizeof names[i], p->is_greedy ? "%s, greedy" : "%s",
                 r->groups[groups[i]].name);
    }
    for (int i = 0; i < s->n; i++) {
        const size_t at = (size_t)p->n_worlds * (size_t)n;
        memset(returns[0] + at, 0, (size_t)n * sizeof(float));
        memset(returns[1] + at, 0, (size_t)n * sizeof(float));
        if (mean_returns(returns[0] + at, s->stages[i], names[0], groups[0]) &&
            mean_returns(returns[1] + at, s->stages[i], names[1], groups[1])) {
            add_users(users + at, s->stages[i], i);
            p->n_worlds += 1;
        }
    }
    if (p->n_worlds > 0) {
        versus_compare(&p->row, returns[0], returns[1], users, p->n_worlds * n);
    }
    free(returns[0]);
    free(returns[1]);
    free(users);
}

/* Pairs that have a world in common. */
static int find_pairs(pair *pairs, const runs *r, const scene *s, int *first)
{
    int n = 0;
    *first = -1;
    for (int g = 0; g < r->n_groups; g++) {
        if (!panels_is_in(s, r, g)) {
            continue;
        }
        if (*first < 0) {
            *first = g;
            continue;
        }
        for (int greedy = 0; greedy < 2; greedy++) {
            pair *p = &pairs[n];
            *p = (pair){.group = g, .is_greedy = greedy == 1};
            compare(p, r, s, *first);
            n += p->n_worlds > 0 ? 1 : 0;
        }
    }
    return n;
}

enum { WIDTH = 420, ROW = 40, LEFT = 12, RIGHT = 408, TOP = 6, AXIS = 22 };

static double place(double value, double reach)
{
    return 0.5 * (LEFT + RIGHT) + value / reach * 0.5 * (RIGHT - LEFT);
}

/* A dot for the difference; a thick whisker for its interval, a thin one for the unpaired. */
static void draw_pair(FILE *out, const pair *p, const runs *r, double reach, double y)
{
    const double middle = p->row.over_sessions.difference;
    const double half = versus_interval(&p->row);
    const double wide = fmin(p->row.over_sessions.unpaired_interval, 2.0 * reach);
    fprintf(out, "<text class=\"tick\" x=\"%d\" y=\"%.0f\">against ", LEFT, y - 12.0);
    page_text(out, r->groups[p->group].name);
    fprintf(out, "%s</text>\n", p->is_greedy ? ", greedy" : "");
    fprintf(out, "<path class=\"level\" d=\"M%.1f %.1fv16\"/>\n", place(0.0, reach), y - 8.0);
    fprintf(out, "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>\n",
            fmax(place(middle - wide, reach), LEFT), y, fmin(place(middle + wide, reach), RIGHT));
    fprintf(out,
            "<path class=\"line c%d\" style=\"stroke-width:5\" d=\"M%.1f %.1fH%.1f\"/>\n"
            "<circle class=\"band c%d\" style=\"fill-opacity:1\" cx=\"%.1f\" cy=\"%.1f\" "
            "r=\"5\"/>\n",
            p->group, place(middle - half, reach), y, place(middle + half, reach), p->group,
            place(middle, reach), y);
}

static void draw(FILE *out, const pair *pairs, int n, const runs *r)
{
    const int height = TOP + n * ROW + AXIS;
    double reach = 0.0;
    for (int i = 0; i < n; i++) {
        reach = fmax(reach, fabs(pairs[i].row.over_sessions.difference) +
                                1.3 * versus_interval(&pairs[i].row));
    }
    reach = reach > 0.0 ? reach : 1.0;
    fprintf(out,
            "<svg class=\"chart\" style=\"max-width:%dpx\" role=\"img\" viewBox=\"0 0 %d %d\">"
            "<title>Differences and their 95 %% intervals</title>\n",
            WIDTH, WIDTH, height);
    for (int i = 0; i < n; i++) {
        draw_pair(out, &pairs[i], r, reach, TOP + (i + 0.7) * ROW);
    }
    fprintf(out,
            "<text class=\"tick\" x=\"%d\" y=\"%d\">%+.3g</text>"
            "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">0</text>"
            "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%+.3g</text>\n</svg>\n",
            LEFT, height - 5, -reach, place(0.0, reach), height - 5, RIGHT, height - 5, reach);
}

static void put_row(FILE *out, const pair *p, const runs *r)
{
    const rr_comparison *c = &p->row.over_sessions;
    const double half = versus_interval(&p->row);
    const bool is_told = isfinite(half) && fabs(c->difference) > half;
    fprintf(out, "<tr%s><td><span class=\"key c%d\"></span>", is_told ? " class=\"own\"" : "",
            p->group);
    page_text(out, r->groups[p->group].name);
    fprintf(out, "%s</td><td>%.2f</td><td>%.2f</td><td>%+.3f <i>±%.3f</i></td>",
            p->is_greedy ? ", greedy" : "", c->mean_a, c->mean_b, c->difference, half);
    fprintf(out, "<td><i>±%.3f</i></td><td>%.0f · %.0f · %.0f %%</td></tr>\n", c->unpaired_interval,
            100.0 * c->n_won / c->n, 100.0 * c->n_tied / c->n, 100.0 * c->n_lost / c->n);
}

static void explain(FILE *out, const pair *p)
{
    fprintf(out,
            "<div><p class=\"faint\">Return of a session, in %s sessions that both play: the same "
            "users, and the same luck where they were trained with the same seed. Right of 0 the "
            "first earns more, left of it the other.</p>\n"
            "<p class=\"faint\">±: 95&thinsp;%% of the difference%s; not paired: what it would be "
            "had they played others. A row in bold leaves 0 out. Of several seeds the mean is "
            "compared; the interval is about these runs, not about seeds to come.</p></div>\n",
            text_count(p->row.over_sessions.n), p->row.over_users.n > 0 ? ", over users" : "");
}

void panels_write_versus(FILE *out, const runs *r, const scene *s)
{
    pair pairs[MOST_PAIRS];
    int first = -1;
    const int n = find_pairs(pairs, r, s, &first);
    if (n == 0) {
        return;
    }
    fputs("<h4 class=\"apart\"><span class=\"key c", out);
    fprintf(out, "%d\"></span>", first);
    page_text(out, r->groups[first].name);
    fputs(" against the others, session by session</h4>\n<div class=\"scroll\"><table>\n"
          "<tr><th>against</th><th>first</th><th>other</th><th>difference</th><th>not paired</th>"
          "<th>won · tied · lost</th></tr>\n",
          out);
    for (int i = 0; i < n; i++) {
        put_row(out, &pairs[i], r);
    }
    fputs("</table></div>\n<div class=\"grid above\">\n<section class=\"panel\">", out);
    draw(out, pairs, n, r);
    fputs("</section>\n", out);
    explain(out, &pairs[0]);
    fputs("</div>\n", out);
}
