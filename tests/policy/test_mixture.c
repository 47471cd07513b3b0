/* SPDX-License-Identifier: MIT */
#include "policy/mixture.h"

#include "check_run.h"
#include "policy_twin.h"

#define TOLERANCE 2e-6

/* What is mixed: nothing, each part alone, all together, the ends of every range. */
static const rri_mixture MIXTURES[] = {
    {0.0, 0.0, false, NULL}, {0.1, 0.0, false, NULL}, {0.0, 0.3, false, NULL},
    {0.0, 0.0, true, NULL},  {0.2, 0.3, false, NULL}, {0.2, 0.3, true, NULL},
    {1.0, 0.0, false, NULL}, {0.0, 1.0, false, NULL}, {0.0, 1.0, true, NULL},
    {1.0, 1.0, true, NULL},  {1e-6, 0.0, true, NULL}, {0.0, 1e-6, false, NULL},
};
#define N_MIXTURES (sizeof MIXTURES / sizeof MIXTURES[0])

/* A case of the twin with incumbents, one row in four without one. */
typedef struct mixed_case {
    twin t;
    rri_mixture mixture;
    rri_policy_tape tape;
    double *parts, *uniforms, *log_pi; /* log_pi [n, width] by the plain spelling below */
    float *log_probs, *all;
    int32_t *incumbents, *actions;
} mixed_case;

/* π spelt plainly: every probability of the row, in double, one term after the other. */
static void plain_row(double *log_pi, mixed_case *c, size_t row)
{
    twin *t = &c->t;
    const double floor = c->mixture.floor;
    const int32_t incumbent = c->incumbents[row];
    double K = 0.0, p_best = -INFINITY;
    size_t best = 0;
    twin_log_probs(log_pi, t, row);
    for (size_t i = 0; i < t->width; i++) {
        K += twin_is_allowed(t, row, i) ? 1.0 : 0.0;
        if (log_pi[i] > p_best) {
            p_best = log_pi[i];
            best = i;
        }
    }
    for (size_t i = 0; i < t->width; i++) {
        double p = exp(log_pi[i]);
        if (c->mixture.is_greedy) {
            p = i == best ? 1.0 : 0.0;
        }
        if (incumbent >= 0) {
            p = (1.0 - c->mixture.share) * p +
                c->mixture.share * (i == (size_t)incumbent ? 1.0 : 0.0);
        }
        p = (1.0 - floor) * p + floor / K;
        log_pi[i] = twin_is_allowed(t, row, i) ? log(p) : -INFINITY;
    }
}

static void mixed_open(mixed_case *c, twin_shape shape, const rri_kernels *kernels,
                       const rri_mixture *mixture, uint64_t seed)
{
    twin *t = &c->t;
    twin_create(t, shape, kernels, seed);
    const rri_logits_limits limits = twin_limits(t);
    t->scratch.size = rri_mixture_scratch(kernels, &limits) +
                      rri_choice_top_k_scratch(kernels, &limits, t->width);
    t->scratch.base = twin_take(t, t->scratch.size, 1);
    c->tape = twin_tape(t, false);
    c->parts = TWIN_TAKE(t, double, shape.n);
    c->uniforms = TWIN_TAKE(t, double, shape.n);
    c->log_pi = TWIN_TAKE(t, double, shape.n * t->width);
    c->log_probs = TWIN_TAKE(t, float, shape.n);
    c->all = TWIN_TAKE(t, float, shape.n * t->width);
    c->incumbents = TWIN_TAKE(t, int32_t, shape.n);
    c->actions = TWIN_TAKE(t, int32_t, shape.n);
    c->mixture = *mixture;
    c->mixture.incumbents = c->incumbents;
    for (size_t r = 0; r < shape.n; r++) {
        size_t position = twin_below(t, twin_length(t, r));
        while (!twin_is_allowed(t, r, position)) {
            position = (position + 1) % t->width;
        }
        c->incumbents[r] = r % 4 == 3 ? -1 : (int32_t)position;
        plain_row(c->log_pi + r * t->width, c, r);
    }
}

static void draw_uniforms(mixed_case *c)
{
    for (size_t r = 0; r < c->t.shape.n; r++) {
        c->parts[r] = twin_uniform(&c->t);
        c->uniforms[r] = twin_uniform(&c->t);
    }
}

static void draw(mixed_case *c, size_t begin, size_t end)
{
    rri_mixture_draw(c->actions, c->log_probs, &c->tape, &c->mixture, &c->t.in, c->parts,
                     c->uniforms, begin, end, &c->t.scratch);
    ck_assert_uint_eq(c->t.scratch.used, 0);
}

static void assert_log(double got, double wanted, const char *what)
{
    if (wanted == -INFINITY) {
        ck_assert_msg(got == -INFINITY, "%s: %g, not -inf", what, got);
        return;
    }
    ck_assert_msg(fabs(got - wanted) <= TOLERANCE * (1.0 + fabs(wanted)), "%s: %.9g, not %.9g",
                  what, got, wanted);
}

/* By hand: two items, z = ln 3 and 0, so p = ¾ and ¼; ε = 0.2, s = ½, the incumbent is the second:
 * π = 0.8 (½ ¾) + 0.1 = 0.4 and 0.8 (½ ¼ + ½) + 0.1 = 0.6. */
START_TEST(test_mixture_by_hand)
{
    mixed_case c;
    const rri_mixture half = {0.2, 0.5, false, NULL};
    mixed_open(&c, (twin_shape){.n = 1, .n_items = 2, .dim = 1}, rri_kernels_detect(), &half, 1);
    c.t.head.scale = 1.0f;
    c.t.q[0] = 1.0f;
    c.t.vectors[0] = 1.0986123f; /* ln 3 */
    c.t.vectors[1] = 0.0f;
    twin_pack(&c.t, c.t.in.kernels);
    c.incumbents[0] = 1;
    rri_mixture_log_probs(c.all, &c.mixture, &c.t.in, 0, 1, &c.t.scratch);
    assert_log((double)c.all[0], log(0.4), "first");
    assert_log((double)c.all[1], log(0.6), "second");
    twin_free(&c.t);
}
END_TEST

static void check_oracle(twin_shape shape, const rri_kernels *kernels, const rri_mixture *mixture)
{
    mixed_case c;
    shape.n = 70; /* more than a tile */
    mixed_open(&c, shape, kernels, mixture, 3);
    const twin *t = &c.t;
    float *entropies = TWIN_TAKE(&c.t, float, shape.n), *given = TWIN_TAKE(&c.t, float, shape.n);
    rri_mixture_log_probs(c.all, &c.mixture, &t->in, 0, shape.n, &c.t.scratch);
    rri_mixture_entropies(entropies, &c.mixture, &t->in, 0, shape.n, &c.t.scratch);
    draw_uniforms(&c);
    draw(&c, 0, shape.n);
    rri_mixture_forward(given, &c.tape, &c.mixture, &t->in, c.actions, 0, shape.n, &c.t.scratch);
    ck_assert_mem_eq(given, c.log_probs, shape.n * sizeof(float));
    for (size_t r = 0; r < shape.n; r++) {
        double sum = 0.0, entropy = 0.0;
        const double *log_pi = c.log_pi + r * t->width;
        for (size_t i = 0; i < t->width; i++) {
            const float got = c.all[r * t->width + i];
            assert_log((double)got, log_pi[i], "log pi");
            sum += exp((double)got);
            entropy -= log_pi[i] > -INFINITY ? exp(log_pi[i]) * log_pi[i] : 0.0;
        }
        ck_assert_msg(fabs(sum - 1.0) < 2e-6, "the mixture sums to %.9g", sum);
        ck_assert_msg(fabs((double)entropies[r] - entropy) < 1e-5 * (1.0 + entropy),
                      "entropy %.9g, not %.9g", (double)entropies[r], entropy);
        ck_assert(twin_is_allowed(t, r, (size_t)c.actions[r]));
        ck_assert(c.log_probs[r] > -INFINITY);
        ck_assert_mem_eq(&c.log_probs[r], &c.all[r * t->width + (size_t)c.actions[r]], 4);
    }
    twin_free(&c.t);
}

START_TEST(test_mixture_agrees_with_the_plain_spelling_for_draws_given_actions_and_all_positions)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        for (size_t m = 0; m < N_MIXTURES; m += check_step(5)) {
            check_oracle(TWIN_SHAPES[s], rri_kernels_detect(), &MIXTURES[m]);
        }
    }
}
END_TEST

START_TEST(test_mixture_has_the_same_bits_at_every_level_and_alone)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        for (size_t m = 0; m < N_MIXTURES; m += check_step(5)) {
            mixed_case c, portable;
            twin_shape shape = TWIN_SHAPES[s];
            shape.n = 70;
            mixed_open(&c, shape, rri_kernels_detect(), &MIXTURES[m], 4);
            mixed_open(&portable, shape, rri_kernels_at(RRI_LEVEL_PORTABLE), &MIXTURES[m], 4);
            draw_uniforms(&c);
            draw_uniforms(&portable);
            draw(&c, 0, shape.n);
            for (size_t r = 0; r < shape.n; r++) {
                draw(&portable, r, r + 1);
            }
            ck_assert_mem_eq(c.actions, portable.actions, shape.n * 4);
            ck_assert_mem_eq(c.log_probs, portable.log_probs, shape.n * 4);
            twin_free(&c.t);
            twin_free(&portable.t);
        }
    }
}
END_TEST

START_TEST(test_mixture_floor_is_under_every_position_that_may_be_chosen)
{
    const rri_mixture mixture = {0.05, 0.9, true, NULL};
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        mixed_case c;
        mixed_open(&c, TWIN_SHAPES[s], rri_kernels_detect(), &mixture, 5);
        rri_mixture_log_probs(c.all, &c.mixture, &c.t.in, 0, c.t.shape.n, &c.t.scratch);
        for (size_t r = 0; r < c.t.shape.n; r++) {
            double K = 0.0;
            for (size_t i = 0; i < c.t.width; i++) {
                K += twin_is_allowed(&c.t, r, i) ? 1.0 : 0.0;
            }
            for (size_t i = 0; i < c.t.width; i++) {
                const double pi = exp((double)c.all[r * c.t.width + i]);
                ck_assert(!twin_is_allowed(&c.t, r, i) ? pi == 0.0 : pi >= 0.05 / K * (1.0 - 1e-6));
            }
        }
        twin_free(&c.t);
    }
}
END_TEST

START_TEST(test_mixture_greed_alone_plays_the_best_position_with_log_prob_0)
{
    const rri_mixture greed = {0.0, 0.0, true, NULL};
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        mixed_case c;
        mixed_open(&c, TWIN_SHAPES[s], rri_kernels_detect(), &greed, 6);
        const size_t n = c.t.shape.n;
        int32_t *best = TWIN_TAKE(&c.t, int32_t, n);
        rri_choice_top_k(best, NULL, 1, &c.t.in, 0, n, &c.t.scratch);
        draw_uniforms(&c);
        draw(&c, 0, n);
        ck_assert_mem_eq(c.actions, best, n * sizeof(int32_t));
        for (size_t r = 0; r < n; r++) {
            ck_assert(c.log_probs[r] == 0.0f);
        }
        twin_free(&c.t);
    }
}
END_TEST

/* The ranking stays the policy's, its log-probabilities become the mixture's. */
START_TEST(test_mixture_ranks_with_the_log_probs_of_all_positions)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        for (size_t m = 0; m < N_MIXTURES; m += check_step(5)) {
            mixed_case c;
            mixed_open(&c, TWIN_SHAPES[s], rri_kernels_detect(), &MIXTURES[m], 7);
            const size_t n = c.t.shape.n, k = c.t.width;
            int32_t *ranked = TWIN_TAKE(&c.t, int32_t, n * k);
            float *log_probs = TWIN_TAKE(&c.t, float, n *k);
            rri_choice_top_k(ranked, log_probs, k, &c.t.in, 0, n, &c.t.scratch);
            rri_mixture_rank(log_probs, ranked, k, &c.mixture, &c.t.in, 0, n, &c.t.scratch);
            rri_mixture_log_probs(c.all, &c.mixture, &c.t.in, 0, n, &c.t.scratch);
            for (size_t i = 0; i < n * k; i++) {
                const float wanted =
                    ranked[i] < 0 ? -INFINITY : c.all[i / k * k + (size_t)ranked[i]];
                ck_assert(log_probs[i] == wanted);
            }
            twin_free(&c.t);
        }
    }
}
END_TEST

#define MANY 4000

/* Every row is the first one, so that the draws are of one distribution. */
static void same_rows(mixed_case *c)
{
    twin *t = &c->t;
    const twin_shape *s = &t->shape;
    for (size_t r = 1; r < s->n; r++) {
        memcpy(t->q + r * s->dim, t->q, s->dim * sizeof(float));
        if (s->m > 0) {
            memcpy((int32_t *)t->menu.excluded + r * s->m, t->menu.excluded, s->m * 4);
        }
        if (s->k > 0) {
            memcpy((int32_t *)t->menu.candidates + r * s->k, t->menu.candidates, s->k * 4);
        }
        c->incumbents[r] = c->incumbents[0];
    }
}

/* χ² over the cells with five expected draws or more, within six standard deviations of its mean.
 */
static void check_frequencies(twin_shape shape, const rri_mixture *mixture)
{
    mixed_case c;
    shape.n = MANY;
    mixed_open(&c, shape, rri_kernels_detect(), mixture, 8);
    same_rows(&c);
    size_t *counts = TWIN_TAKE(&c.t, size_t, c.t.width);
    const size_t n_rounds = 25;
    for (size_t round = 0; round < n_rounds; round++) {
        draw_uniforms(&c);
        draw(&c, 0, MANY);
        for (size_t r = 0; r < MANY; r++) {
            counts[c.actions[r]]++;
        }
    }
    double chi2 = 0.0, freedom = 0.0;
    for (size_t i = 0; i < c.t.width; i++) {
        const double expected = (double)(n_rounds * MANY) * exp(c.log_pi[i]);
        if (expected >= 5.0) {
            chi2 += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
            freedom += 1.0;
        }
        ck_assert(expected > 0.0 || counts[i] == 0);
    }
    ck_assert_msg(chi2 < freedom + 6.0 * sqrt(2.0 * freedom) + 6.0, "chi2 %g at %g degrees", chi2,
                  freedom);
    twin_free(&c.t);
}

START_TEST(test_mixture_draws_come_as_often_as_they_say)
{
    const twin_shape pool = {.n_items = 40, .dim = 6, .m = 9};
    const twin_shape lists = {.n_items = 80, .dim = 6, .k = 30, .m = 7};
    for (size_t m = 0; m < N_MIXTURES; m += check_step(5)) {
        check_frequencies(pool, &MIXTURES[m]);
        check_frequencies(lists, &MIXTURES[m]);
    }
}
END_TEST

START_TEST(test_mixture_without_parts_has_the_bits_of_the_policy)
{
    const rri_mixture plain = MIXTURES[0];
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        mixed_case c;
        mixed_open(&c, TWIN_SHAPES[s], rri_kernels_detect(), &plain, 9);
        const size_t n = c.t.shape.n;
        int32_t *actions = TWIN_TAKE(&c.t, int32_t, n);
        float *log_probs = TWIN_TAKE(&c.t, float, n);
        draw_uniforms(&c);
        draw(&c, 0, n);
        rri_choice_draw(actions, log_probs, NULL, &c.t.in, c.uniforms, 0, n, &c.t.scratch);
        ck_assert_mem_eq(actions, c.actions, n * 4);
        ck_assert_mem_eq(log_probs, c.log_probs, n * 4);
        ck_assert(rri_mixture_is_plain(&c.mixture));
        twin_free(&c.t);
    }
    const rri_mixture no_incumbents = {0.0, 0.5, false, NULL};
    ck_assert(rri_mixture_is_plain(&no_incumbents));
    for (size_t m = 1; m < 4; m++) {
        int32_t incumbent = 0;
        rri_mixture mixture = MIXTURES[m];
        mixture.incumbents = &incumbent;
        ck_assert(!rri_mixture_is_plain(&mixture));
    }
}
END_TEST

/* The menu of an update reads its rows through `rows`; so do incumbents. */
START_TEST(test_mixture_of_gathered_rows_has_the_bits_of_the_rows)
{
    const rri_mixture mixture = {0.2, 0.3, false, NULL};
    mixed_case c;
    mixed_open(&c, TWIN_SHAPES[3], rri_kernels_detect(), &mixture, 10);
    twin *t = &c.t;
    const size_t n = t->shape.n, d = t->shape.dim;
    draw_uniforms(&c);
    draw(&c, 0, n);
    int32_t *rows = TWIN_TAKE(t, int32_t, n), *actions = TWIN_TAKE(t, int32_t, n);
    float *q = TWIN_TAKE(t, float, n *d), *gathered = TWIN_TAKE(t, float, n);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (int32_t)(n - 1 - i);
        actions[i] = c.actions[n - 1 - i];
        memcpy(q + i * d, t->q + (n - 1 - i) * d, d * sizeof(float));
    }
    rri_menu menu = t->menu;
    menu.rows = rows;
    rri_logits_input in = t->in;
    in.menu = &menu;
    in.q = q;
    rri_mixture_forward(gathered, &c.tape, &c.mixture, &in, actions, 0, n, &t->scratch);
    for (size_t i = 0; i < n; i++) {
        ck_assert_mem_eq(&gathered[i], &c.log_probs[n - 1 - i], sizeof(float));
    }
    twin_free(t);
}
END_TEST

START_TEST(test_mixture_of_scores_that_are_no_numbers_is_no_number)
{
    for (size_t m = 0; m < 6; m++) {
        mixed_case c;
        mixed_open(&c, TWIN_SHAPES[1], rri_kernels_detect(), &MIXTURES[m], 11);
        for (size_t i = 0; i < c.t.shape.n * c.t.shape.dim; i++) {
            c.t.q[i] = NAN;
        }
        for (size_t r = 0; r < c.t.shape.n; r++) {
            c.parts[r] = 0.9; /* the policy's part */
        }
        draw(&c, 0, c.t.shape.n);
        for (size_t r = 0; r < c.t.shape.n; r++) {
            ck_assert(isnan(c.log_probs[r]));
            ck_assert(c.actions[r] >= 0);
        }
        twin_free(&c.t);
    }
}
END_TEST

/* A shape that does not fit into memory must not wrap to a stack that does: on 32 bits a history of
 * 2^25 would have. */
START_TEST(test_mixture_scratch_of_an_absurd_shape_fits_nowhere)
{
    const rri_kernels *kernels = rri_kernels_detect();
    const rri_logits_limits small = {.n = 100, .n_items = 9, .dim = 4, .k = 5, .m = 3, .h = 3};
    const size_t most = SIZE_MAX - RRI_ALIGNMENT;
    ck_assert_uint_lt(rri_mixture_scratch(kernels, &small), (size_t)1 << 22);
    for (unsigned shift = 1; shift <= 6; shift++) {
        const size_t absurd = (SIZE_MAX >> shift) + 1; /* 64 rows of it are 0 modulo SIZE_MAX + 1 */
        rri_logits_limits limits = small;
        limits.h = absurd;
        ck_assert_uint_ge(rri_mixture_scratch(kernels, &limits), most);
        limits = small;
        limits.m = absurd;
        ck_assert_uint_ge(rri_mixture_scratch(kernels, &limits), most);
        limits = small;
        limits.k = absurd;
        ck_assert_uint_ge(rri_mixture_scratch(kernels, &limits), absurd);
        limits = small;
        limits.n_items = absurd;
        ck_assert_uint_ge(rri_mixture_scratch(kernels, &limits), absurd);
        ck_assert_uint_ge(rri_choice_top_k_scratch(kernels, &limits, absurd), most);
    }
}
END_TEST

CHECK_MAIN("policy/mixture", test_mixture_by_hand,
           test_mixture_scratch_of_an_absurd_shape_fits_nowhere,
           test_mixture_agrees_with_the_plain_spelling_for_draws_given_actions_and_all_positions,
           test_mixture_has_the_same_bits_at_every_level_and_alone,
           test_mixture_floor_is_under_every_position_that_may_be_chosen,
           test_mixture_greed_alone_plays_the_best_position_with_log_prob_0,
           test_mixture_ranks_with_the_log_probs_of_all_positions,
           test_mixture_draws_come_as_often_as_they_say,
           test_mixture_without_parts_has_the_bits_of_the_policy,
           test_mixture_of_gathered_rows_has_the_bits_of_the_rows,
           test_mixture_of_scores_that_are_no_numbers_is_no_number)
