/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include "agent_fixture.h"

START_TEST(test_trainer_acts_with_its_own_model_and_arrays)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    const rri_workspace work = rri_trainer_workspace(&r.agent->trainer);
    ck_assert_ptr_eq(work.model, &r.agent->trainer.model);
    ck_assert_uint_eq(work.seed, 11);
    ck_assert_uint_eq(work.max_rows, RRI_SLICE_ROWS);
    r.agent->trainer.n_draws = 5;
    rr_error err = {0};
    ck_assert_msg(rri_act_draw(&work, &r.obs, &r.decision, &err) == RR_OK, "%s", err.text);
    ck_assert_uint_eq(r.agent->trainer.n_draws, 5 + shape.n);
    rig_close(&r);
}
END_TEST

START_TEST(test_trainer_notes_the_present_version_and_its_options)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rri_trainer *trainer = &r.agent->trainer;
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.25f;
    trainer->n_updates = 3;
    trainer->model.hash = 77;
    rri_trainer_note_version(trainer, &options);
    const uint64_t fingerprint = rri_items_fingerprint(r.items);
    const rri_version *noted =
        rri_versions_find(&trainer->versions, rri_version_hash(77, fingerprint, &options));
    ck_assert_ptr_nonnull(noted);
    ck_assert_uint_eq(noted->plain, rri_version_hash(77, fingerprint, NULL));
    ck_assert_int_eq(noted->update, 3);
    ck_assert_float_eq(noted->floor, 0.25f);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/trainer", test_trainer_acts_with_its_own_model_and_arrays,
           test_trainer_notes_the_present_version_and_its_options)
