/* SPDX-License-Identifier: MIT */
/* The epochs and minibatches of PPO. rri_minibatch_train is this file's own here: it writes down
 * which rows it was given, and says what approx_kl it is told to say. */
#include "train/train_loop.h"

#include "agent_fixture.h"
#include "core/status.h"

enum { MOST_MINIBATCHES = 64, MOST_ROWS = 64 };

static struct {
    size_t n_minibatches, sizes[MOST_MINIBATCHES];
    int32_t rows[MOST_MINIBATCHES * MOST_ROWS]; /* one after another */
    size_t n_rows;
    float lr;
    double approx_kl; /* of each row, from now on */
    size_t fails_at;  /* minibatch, from 1; 0: never */
} seen;

rr_status rri_minibatch_train(rri_train_sums *sums, rri_trainer *trainer,
                              const rri_rollout *rollout, const int32_t *minibatch, size_t n,
                              float lr, rr_error *err)
{
    (void)trainer;
    (void)rollout;
    ck_assert_uint_lt(seen.n_minibatches, MOST_MINIBATCHES);
    seen.sizes[seen.n_minibatches++] = n;
    memcpy(seen.rows + seen.n_rows, minibatch, n * sizeof *minibatch);
    seen.n_rows += n;
    seen.lr = lr;
    if (seen.n_minibatches == seen.fails_at) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "as told");
    }
    sums->last_epoch.approx_kl += seen.approx_kl * (double)n;
    sums->n_last_rows += n;
    return RR_OK;
}

static void open_rig(rig *r, size_t batch_size, size_t n_epochs)
{
    rig_shape shape = rig_usual();
    shape.ppo.batch_size = (int32_t)batch_size;
    shape.ppo.update_epochs = (int32_t)n_epochs;
    rig_open(r, &shape);
    for (size_t i = 0; i < 64; i++) {
        r->agent->trainer.update.trained[i] = (int32_t)(2 * i); /* every other place */
    }
    memset(&seen, 0, sizeof seen);
}

static rri_train_sums run(rig *r, size_t n)
{
    rri_train_sums sums = {0};
    ck_assert_int_eq(rri_train_loop_epochs(&sums, &r->agent->trainer, &r->rollout, n, 0.5f, NULL),
                     RR_OK);
    return sums;
}

static void check_sizes(size_t n, size_t batch_size, size_t n_wanted, const size_t *wanted)
{
    rig r;
    open_rig(&r, batch_size, 1);
    const rri_train_sums sums = run(&r, n);
    ck_assert_uint_eq(sums.n_epochs, 1);
    ck_assert_uint_eq(seen.n_minibatches, n_wanted);
    for (size_t i = 0; i < n_wanted; i++) {
        ck_assert_uint_eq(seen.sizes[i], wanted[i]);
    }
    rig_close(&r);
}

START_TEST(test_train_loop_minibatches_differ_by_at_most_one_row)
{
    check_sizes(48, 16, 3, (const size_t[]){16, 16, 16});
    check_sizes(50, 16, 3, (const size_t[]){17, 17, 16}); /* ⌊50 / 16⌋, none is short */
    check_sizes(31, 16, 1, (const size_t[]){31});
    check_sizes(5, 16, 1, (const size_t[]){5});
    check_sizes(5, 2, 2, (const size_t[]){3, 2});
    check_sizes(2, 2, 1, (const size_t[]){2});
}
END_TEST

START_TEST(test_train_loop_each_row_is_seen_once_an_epoch)
{
    rig r;
    open_rig(&r, 7, 5);
    const size_t n = 50;
    const rri_train_sums sums = run(&r, n);
    ck_assert_uint_eq(sums.n_epochs, 5);
    ck_assert_uint_eq(seen.n_rows, 5 * n);
    for (size_t epoch = 0; epoch < 5; epoch++) {
        int n_seen[2 * 64] = {0};
        for (size_t i = 0; i < n; i++) {
            n_seen[seen.rows[epoch * n + i]]++;
        }
        for (size_t place = 0; place < 2 * n; place++) {
            ck_assert_int_eq(n_seen[place], place % 2 == 0 ? 1 : 0); /* those of `trained` alone */
        }
    }
    ck_assert_float_eq(seen.lr, 0.5f);
    rig_close(&r);
}
END_TEST

START_TEST(test_train_loop_shuffles_anew_in_each_epoch_and_update_and_with_each_seed)
{
    enum { N = 40, EPOCHS = 3 };
    int32_t rows[3][EPOCHS * N];
    rig r;
    open_rig(&r, 16, EPOCHS);
    for (size_t i = 0; i < 3; i++) {
        memset(&seen, 0, sizeof seen);
        r.agent->trainer.n_updates = i == 1 ? 1 : 0;
        r.agent->trainer.model.config.seed = i == 2 ? 12 : 11;
        (void)run(&r, N);
        memcpy(rows[i], seen.rows, sizeof rows[i]);
    }
    const int32_t *epochs[3 * EPOCHS];
    for (size_t i = 0; i < 3 * EPOCHS; i++) {
        epochs[i] = rows[i / EPOCHS] + i % EPOCHS * N;
        for (size_t j = 0; j < i; j++) {
            ck_assert_mem_ne(epochs[i], epochs[j], N * sizeof(int32_t));
        }
    }
    memset(&seen, 0, sizeof seen);
    r.agent->trainer.model.config.seed = 11;
    (void)run(&r, N); /* and is a function of these */
    ck_assert_mem_eq(seen.rows, rows[0], sizeof rows[0]);
    rig_close(&r);
}
END_TEST

/* 64 trained rows of sessions of 5, the last of 4, in minibatches of about 16. */
static void open_sessions(rig *r, int32_t encoder, int32_t whole_sessions)
{
    rig_shape shape = rig_usual();
    shape.h = 5;
    shape.agent.encoder = encoder;
    shape.ppo.whole_sessions = whole_sessions;
    shape.ppo.batch_size = 16;
    shape.ppo.update_epochs = 3;
    rig_open(r, &shape);
    r->rollout.form.has_history = 1;
    rig_make_sessions(r, 64);
    for (int32_t i = 0; i < 64; i++) {
        r->agent->trainer.update.order[2 * i] = i;
        r->agent->trainer.update.trained[i] = 2 * i;
    }
    memset(&seen, 0, sizeof seen);
}

/* Sessions that lie whole and in order in a minibatch of one epoch. */
static size_t count_whole_sessions(size_t first, size_t end)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        const int32_t row = seen.rows[i] / 2, last = row / 5 == 12 ? 3 : 4;
        bool is_whole = row % 5 == 0 && i + (size_t)last < end;
        for (int32_t j = 1; is_whole && j <= last; j++) {
            is_whole = seen.rows[i + (size_t)j] == 2 * (row + j);
        }
        n += is_whole ? 1 : 0;
    }
    return n;
}

START_TEST(test_train_loop_keeps_sessions_whole_where_an_encoder_reads_them)
{
    static const struct {
        int32_t encoder, whole_sessions;
        size_t n_whole;
    } CASES[] = {{RR_ENCODER_GRU, 1, 13},
                 {RR_ENCODER_TRANSFORMER, 1, 13},
                 {RR_ENCODER_GRU, 0, 0},
                 {RR_ENCODER_MEAN, 1, 0}};
    for (size_t c = 0; c < sizeof CASES / sizeof CASES[0]; c++) {
        rig r;
        open_sessions(&r, CASES[c].encoder, CASES[c].whole_sessions);
        (void)run(&r, 64);
        ck_assert_uint_eq(seen.n_minibatches, 3 * 4);
        ck_assert_uint_eq(seen.n_rows, 3 * 64);
        size_t first = 0;
        for (size_t epoch = 0; epoch < 3; epoch++) {
            size_t n_whole = 0;
            uint64_t rows = 0;
            for (size_t b = 0; b < 4; b++) {
                const size_t size = seen.sizes[epoch * 4 + b];
                ck_assert_uint_ge(size, 11);
                ck_assert_uint_le(size, 21);
                n_whole += count_whole_sessions(first, first + size);
                first += size;
            }
            for (size_t i = epoch * 64; i < (epoch + 1) * 64; i++) {
                rows |= UINT64_C(1) << (seen.rows[i] / 2);
            }
            ck_assert_uint_eq(n_whole, CASES[c].n_whole);
            ck_assert(rows == UINT64_MAX); /* each once */
        }
        ck_assert_mem_ne(seen.rows, seen.rows + 64, 64 * sizeof(int32_t));
        rig_close(&r);
    }
}
END_TEST

/* Also where runs are longer than minibatches. */
static void check_ends(const uint8_t begins[40], size_t size)
{
    enum { N = 40 };
    int32_t permutation[N];
    for (int32_t i = 0; i < N; i++) {
        permutation[i] = i;
    }
    const rri_epoch epoch = {permutation, begins, N, N / size};
    for (size_t first = 0, even = size, end; first < N; first = end, even += size) {
        ck_assert_uint_le(even, N);
        end = rri_train_loop_end(&epoch, first, even);
        ck_assert_uint_ge(end, first + 2);
        ck_assert_uint_le(end, N);
        ck_assert(end == N || begins[end] != 0);
    }
}

START_TEST(test_train_loop_minibatches_of_any_runs_have_two_rows)
{
    for (size_t longest = 1; longest <= 10; longest++) {
        for (size_t seed = 0; seed < 200; seed++) {
            uint8_t begins[40];
            for (size_t i = 0, left = 0; i < 40; i++) {
                begins[i] = left == 0;
                left = left == 0 ? (seed * 7 + i * i * 3) % longest : left - 1;
            }
            check_ends(begins, 10);
            check_ends(begins, 2);
        }
    }
}
END_TEST

START_TEST(test_train_loop_stops_before_the_epoch_after_target_kl_was_exceeded)
{
    const struct {
        float target;
        double approx_kl;
        size_t n_epochs;
    } cases[] = {{0.02f, 0.03, 1}, {0.02f, 0.01, 4}, {0.0f, 9.0, 4}, {0.02f, (double)0.02f, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig r;
        open_rig(&r, 16, 4);
        r.agent->trainer.recipe.target_kl = cases[i].target;
        seen.approx_kl = cases[i].approx_kl;
        const rri_train_sums sums = run(&r, 48);
        ck_assert_uint_eq(sums.n_epochs, cases[i].n_epochs);
        ck_assert_uint_eq(seen.n_minibatches, 3 * cases[i].n_epochs); /* whole epochs */
        ck_assert_int_eq(sums.is_stopped_early, cases[i].n_epochs < 4);
        ck_assert_double_eq_tol(sums.last_epoch.approx_kl / 48.0, cases[i].approx_kl, 1e-9);
        ck_assert_uint_eq(sums.n_last_rows, 48);
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_train_loop_ends_at_a_minibatch_that_fails)
{
    rig r;
    open_rig(&r, 16, 4);
    seen.fails_at = 5;
    rri_train_sums sums = {0};
    rr_error err = {0};
    rig_expect(rri_train_loop_epochs(&sums, &r.agent->trainer, &r.rollout, 48, 0.5f, &err),
               RR_E_NOT_FINITE, &err, "as told");
    ck_assert_uint_eq(seen.n_minibatches, 5);
    ck_assert_uint_eq(sums.n_epochs, 1);
    ck_assert_uint_eq(sums.n_last_rows, 16); /* of the epoch that was cut short */
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/train_loop", test_train_loop_minibatches_differ_by_at_most_one_row,
           test_train_loop_each_row_is_seen_once_an_epoch,
           test_train_loop_shuffles_anew_in_each_epoch_and_update_and_with_each_seed,
           test_train_loop_keeps_sessions_whole_where_an_encoder_reads_them,
           test_train_loop_minibatches_of_any_runs_have_two_rows,
           test_train_loop_stops_before_the_epoch_after_target_kl_was_exceeded,
           test_train_loop_ends_at_a_minibatch_that_fails)
