/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include "agent_fixture.h"

START_TEST(test_model_items_are_those_of_the_catalogue_or_of_a_dense_head)
{
    rr_agent_config config = {.head = RR_HEAD_DENSE, .num_items = 9};
    ck_assert_uint_eq(rri_model_n_items(&config, NULL), 9);
    config.head = RR_HEAD_TOWER;
    ck_assert_uint_eq(rri_model_n_items(&config, NULL), 0);
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    ck_assert_uint_eq(rri_model_n_items(&config, r.items), shape.n_items);
    ck_assert_uint_eq(rri_model_line(&r.agent->trainer.model), rri_items_fingerprint(r.items));
    ck_assert_uint_eq(rri_model_line(&(rri_model){0}), 0);
    rig_close(&r);
}
END_TEST

START_TEST(test_model_hash_hears_of_parameters_and_of_what_they_mean)
{
    const float values[] = {1.0f, 2.0f}, others[] = {1.0f, 2.5f};
    rr_agent_config config = rig_usual().agent, changed = config;
    const uint64_t hash = rri_model_hash(&config, values, 2);
    ck_assert_uint_ne(hash, rri_model_hash(&config, others, 2));
    changed.activation =
        config.activation == RR_ACTIVATION_RELU ? RR_ACTIVATION_TANH : RR_ACTIVATION_RELU;
    ck_assert_uint_ne(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.mlp_scale = 0.75f;
    ck_assert_uint_ne(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.hidden[0]++;
    ck_assert_uint_ne(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.normalize_states = 1;
    ck_assert_uint_ne(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.has_feature_query = 1;
    ck_assert_uint_ne(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.candidate_hidden[0] = 3;
    ck_assert_uint_ne(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.encoder_width++; /* of no encoder */
    ck_assert_uint_eq(hash, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.encoder = RR_ENCODER_GRU;
    const uint64_t of_encoder = rri_model_hash(&changed, values, 2);
    ck_assert_uint_ne(hash, of_encoder);
    int32_t *const of_shape[] = {&changed.encoder_width, &changed.encoder_layers,
                                 &changed.encoder_heads, &changed.encoder_history,
                                 &changed.encoder_rewards};
    for (size_t i = 0; i < sizeof of_shape / sizeof of_shape[0]; i++) {
        (*of_shape[i])++;
        ck_assert_uint_ne(of_encoder, rri_model_hash(&changed, values, 2));
        (*of_shape[i])--;
    }
    changed = config;
    changed.item_feature_dim = 3;
    const uint64_t of_tower = rri_model_hash(&changed, values, 2);
    ck_assert_uint_ne(hash, of_tower);
    changed.tower_hidden[0] = 3;
    ck_assert_uint_ne(of_tower, rri_model_hash(&changed, values, 2));
    changed.tower_hidden[0] = 0;
    changed.tower_scale = 2.0f;
    ck_assert_uint_ne(of_tower, rri_model_hash(&changed, values, 2));
    changed = config;
    changed.num_threads = 2; /* changes no number */
    ck_assert_uint_eq(hash, rri_model_hash(&changed, values, 2));
}
END_TEST

START_TEST(test_model_packed_from_other_values_scores_with_these)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rri_model *model = &r.agent->trainer.model;
    const size_t n = model->network.params.n_floats;
    float *others = RIG_TAKE(&r, float, n);
    memcpy(others, model->values, n * sizeof *others);
    others[model->network.at.log_scale] += 1.0f;
    const float scale = model->network.head.scale;
    rri_model_pack_from(model, others);
    ck_assert_float_eq_tol(model->network.head.scale, expf(1.0f) * scale, 1e-5f * scale);
    rri_model_pack(model);
    ck_assert_float_eq(model->network.head.scale, scale);
    rig_close(&r);
}
END_TEST

START_TEST(test_model_version_follows_values_whether_or_not_the_hash_is_made)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rri_model *model = &r.agent->trainer.model;
    const uint64_t before = rri_model_version(model, 5, NULL);
    const float kept = model->values[0];
    model->values[0] += 1.0f;
    rri_model_touch(model);
    const uint64_t after = rri_model_version(model, 5, NULL);
    ck_assert_uint_ne(after, before);
    rri_model_ensure_hash(model);
    ck_assert(model->is_hashed);
    ck_assert_uint_eq(rri_model_version(model, 5, NULL), after);
    model->values[0] = kept; /* a hash that is made is not made again */
    rri_model_ensure_hash(model);
    ck_assert_uint_eq(rri_model_version(model, 5, NULL), after);
    rri_model_rehash(model);
    ck_assert_uint_eq(rri_model_version(model, 5, NULL), before);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("model/model", test_model_items_are_those_of_the_catalogue_or_of_a_dense_head,
           test_model_hash_hears_of_parameters_and_of_what_they_mean,
           test_model_packed_from_other_values_scores_with_these,
           test_model_version_follows_values_whether_or_not_the_hash_is_made)
