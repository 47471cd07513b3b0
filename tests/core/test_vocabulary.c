/* SPDX-License-Identifier: MIT */
#include "core/vocabulary.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"

START_TEST(test_vocabulary_struct_of_an_older_caller_has_nothing_reserved_in_it)
{
    const uint32_t older = offsetof(rr_obs, candidate_keys);
    const rr_obs sample = {.struct_size = older, .n = 7};
    void *given = malloc(older); /* exactly as long as the caller's: a sanitizer sees more */
    memcpy(given, &sample, older);
    rr_obs full;
    memset(&full, 0xff, sizeof full);
    ck_assert_int_eq(rri_obs_read(&full, given, "rr_obs", NULL), RR_OK);
    ck_assert_int_eq(full.n, 7);
    ck_assert_uint_eq(full.schema, 0);
    free(given);
}
END_TEST

START_TEST(test_vocabulary_refusal_names_struct_and_field)
{
    rr_error err = {0};
    const float number = 0.0f;
    rr_obs obs = {.struct_size = sizeof obs, .history_vectors = &number}, full_obs;
    ck_assert_int_eq(rri_obs_read(&full_obs, &obs, "final_obs", &err), RR_E_UNSUPPORTED);
    ck_assert_str_eq(err.text, "final_obs: history_vectors is set; it is reserved for a later "
                               "release and must be 0 or NULL");
    rr_decision decision = {.struct_size = sizeof decision, .n_slots = 10}, full;
    ck_assert_int_eq(rri_decision_read(&full, &decision, &err), RR_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_decision: n_slots is set"));
    const int32_t seen = 3;
    rr_outcome outcome = {.struct_size = sizeof outcome, .slots_seen = &seen}, full_outcome;
    ck_assert_int_eq(rri_outcome_read(&full_outcome, &outcome, &err), RR_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_outcome: slots_seen is set"));
}
END_TEST

START_TEST(test_vocabulary_view_claims_no_more_than_its_last_field_that_is_set)
{
    rr_obs view = {.struct_size = 1, .n = 3};
    ck_assert_uint_eq(rri_obs_view_size(&view), offsetof(rr_obs, candidate_keys));
    const uint64_t key = 0;
    view.history_keys = &key;
    ck_assert_uint_eq(rri_obs_view_size(&view), offsetof(rr_obs, schema));
    view.schema = 1;
    ck_assert_uint_eq(rri_obs_view_size(&view), offsetof(rr_obs, reference_log_probs));
    const float log_prob = 0.0f;
    view.reference_log_probs = &log_prob;
    ck_assert_uint_eq(rri_obs_view_size(&view), offsetof(rr_obs, n_vectors));
    view.history_feature_dim = 1; /* the second half of eight bytes */
    ck_assert_uint_eq(rri_obs_view_size(&view), offsetof(rr_obs, history_vectors));
    view.history_features = &log_prob;
    ck_assert_uint_eq(rri_obs_view_size(&view), sizeof view);
}
END_TEST

CHECK_MAIN("core/vocabulary", test_vocabulary_struct_of_an_older_caller_has_nothing_reserved_in_it,
           test_vocabulary_refusal_names_struct_and_field,
           test_vocabulary_view_claims_no_more_than_its_last_field_that_is_set)
