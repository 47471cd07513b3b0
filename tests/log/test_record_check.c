/* SPDX-License-Identifier: MIT */
#include "log/record_check.h"

#include <math.h>

#include "check_run.h"
#include "log/log_fixture.h"

static void refused(const log_fixture *t, size_t row, rr_status wanted, const char *sentence)
{
    rr_error err = {0};
    const rr_status got = rri_record_check_row(&t->obs, &t->decision, row, &err);
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err.text);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", err.text,
                  sentence);
}

START_TEST(test_record_check_each_wrong_row_is_named)
{
    log_fixture t;
    log_open(&t);
    const log_fixture good = t;
    ck_assert_int_eq(rri_record_check_row(&t.obs, &t.decision, 1, NULL), RR_OK);
    refused(&t, 2, RR_E_INVALID, "row is 2; obs has n 2");
    t.obs.sessions = NULL;
    refused(&t, 0, RR_E_INVALID, "both or neither");
    t.obs = good.obs;
    t.obs.states = NULL;
    refused(&t, 0, RR_E_INVALID, "states is NULL");
    t.obs = good.obs;
    t.obs.feature_dim = 0;
    refused(&t, 0, RR_E_INVALID, "feature_dim is 0");
    t.obs = good.obs;
    t.obs.n_excluded = -1;
    refused(&t, 0, RR_E_INVALID, "n_excluded is -1");
    t.obs = good.obs;
    t.obs.candidates = NULL;
    t.obs.vectors = NULL;
    refused(&t, 0, RR_E_INVALID, "need candidates or vectors");
    t.obs = good.obs;
    t.lengths[1] = LOG_K + 1;
    refused(&t, 1, RR_E_INVALID, "lengths[1] is 5; it must be in [1, 4]");
    t.lengths[1] = 2;
    refused(&t, 1, RR_E_INVALID, "actions[1] is 2; it must be in [0, 2)");
    t.lengths[1] = 3;
    t.history[5] = LOG_N;
    refused(&t, 1, RR_E_INVALID, "history[1][2] is 6; the pool has 6 items");
    t.history[5] = 1;
    const float bad[] = {1e-7f, 3.0f, NAN, -INFINITY};
    for (size_t i = 0; i < 4; i++) {
        float log_probs[] = {-1.0f, bad[i]};
        t.decision.log_probs = log_probs;
        ck_assert_int_eq(rri_record_check_row(&t.obs, &t.decision, 0, NULL), RR_OK);
        refused(&t, 1, i < 2 ? RR_E_INVALID : RR_E_NOT_FINITE, "log_probs[1] is");
        refused(&t, 1, i < 2 ? RR_E_INVALID : RR_E_NOT_FINITE, "finite and at most 0");
    }
    t.decision = good.decision;
    t.decision.n = 1;
    refused(&t, 0, RR_E_INVALID, "decision n is 1 and obs n 2");
    t.decision = good.decision;
    t.decision.pool_fingerprint ^= 1;
    refused(&t, 0, RR_E_MISMATCH, "another catalogue");
    log_close(&t);
}
END_TEST

START_TEST(test_record_check_what_cannot_be_is_named)
{
    const rri_record_head good_head = {.blob.has = RRI_RECORD_HAS_DECISION, .action = 2};
    const rri_record good = {
        .arrays = 1u << RRI_RECORD_STATES | 1u << RRI_RECORD_CANDIDATES, .state_dim = 1, .k = 3};
    enum { MOST = 24 };
    rri_record bad[MOST];
    rri_record_head heads[MOST];
    const char *named[MOST];
    size_t n = 0;
#define BAD(change, name)                                                                          \
    bad[n] = good;                                                                                 \
    heads[n] = good_head;                                                                          \
    bad[n].head = &heads[n];                                                                       \
    change;                                                                                        \
    named[n++] = (name)
    BAD((void)0, NULL);
    BAD(bad[n].state_dim = 0, "state_dim");
    BAD(bad[n].arrays ^= 1u << RRI_RECORD_STATES, "state_dim");
    BAD(bad[n].k = 0, "of k");
    BAD(bad[n].arrays ^= 1u << RRI_RECORD_CANDIDATES, "of k");
    BAD(bad[n].feature_dim = 2, "feature_dim");
    BAD(bad[n].arrays |= 1u << RRI_RECORD_FEATURES, "feature_dim");
    BAD(bad[n].item_dim = 1, "item_dim");
    BAD(bad[n].m = 1, "of m");
    BAD(bad[n].h = 1, "of h");
    BAD(bad[n].arrays |= 1u << RRI_RECORD_HISTORY_KEYS, "history keys");
    BAD(bad[n].arrays |= 1u << RRI_RECORD_EXCLUDED_KEYS, "excluded keys");
    BAD(heads[n].blob.has = RRI_RECORD_HAS_LOG_PROB, "log_prob");
    BAD(heads[n].log_prob = 0.5f, "log_prob");
    BAD(heads[n].log_prob = NAN, "log_prob");
    BAD(heads[n].log_prob = -INFINITY, "log_prob");
    BAD(heads[n].action = 3, "action");
    BAD(heads[n].action = -1, "action");
    BAD(heads[n].item = -2, "item");
#undef BAD
    for (size_t i = 0; i < n; i++) {
        rr_error err = {0};
        ck_assert_int_eq(rri_record_check(&bad[i], &err), named[i] == NULL ? RR_OK : RR_E_FORMAT);
        ck_assert_msg(named[i] == NULL || strstr(err.text, named[i]) != NULL,
                      "\"%s\" does not name %s", err.text, named[i]);
    }
}
END_TEST

CHECK_MAIN("log/record_check", test_record_check_each_wrong_row_is_named,
           test_record_check_what_cannot_be_is_named)
