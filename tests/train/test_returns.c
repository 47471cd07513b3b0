/* SPDX-License-Identifier: MIT */
#include "train/returns.h"

#include "agent_twin.h"

enum { S = 3 };

/* A rollout whose rewards, endings and states a test sets by hand. */
static void open_rows(rig *r, const rig_shape *shape, size_t n_sessions, size_t n_steps)
{
    rig_open(r, shape);
    rri_rollout *rollout = &r->rollout;
    rollout->n_sessions = n_sessions;
    rollout->n_rows = n_sessions * n_steps;
    rig_fill(r, rollout->rewards, rollout->n_rows, 1.0f);
    rig_fill(r, rollout->values, rollout->n_rows, 1.0f);
    rig_fill(r, rollout->states, rollout->n_rows * S, 1.0f);
    rig_fill(r, rollout->final_states, rollout->n_rows * S, 1.0f);
}

static void compute(rig *r, const float *to_come)
{
    rri_rollout_order(r->agent->trainer.update.order, r->agent->trainer.update.is_segment_end,
                      &r->rollout, r->agent->trainer.recipe.n_steps);
    const rr_obs obs = {.n = (int32_t)r->rollout.n_sessions, .state_dim = S, .states = to_come};
    rri_returns_compute(&r->agent->trainer, &r->rollout, &obs);
}

/* Advantage and return of a row, by the recursion of maths §4 over the rows of its session. */
static double advantage_of(const rig *r, const twin *t, const float *to_come, size_t row)
{
    const rri_rollout *rollout = &r->rollout;
    const double gamma = (double)r->agent->trainer.recipe.gamma;
    const double lambda = (double)r->agent->trainer.recipe.gae_lambda;
    const double value = (double)rollout->values[row], reward = (double)rollout->rewards[row];
    const size_t next = row + rollout->n_sessions;
    if (rollout->terminated[row] != 0) {
        return reward - value;
    }
    if (rollout->truncated[row] != 0) {
        return reward + gamma * twin_value(t, rollout->final_states + row * S) - value;
    }
    if (next >= rollout->n_rows) {
        return reward + gamma * twin_value(t, to_come + (row % rollout->n_sessions) * S) - value;
    }
    return reward + gamma * (double)rollout->values[next] - value +
           gamma * lambda * advantage_of(r, t, to_come, next);
}

static void check_rows(const rig *r, const float *to_come)
{
    twin t;
    twin_open(&t, r);
    const rri_update_rows *update = &r->agent->trainer.update;
    for (size_t place = 0; place < r->rollout.n_rows; place++) {
        const size_t row = (size_t)update->order[place];
        const double wanted = advantage_of(r, &t, to_come, row);
        twin_assert_close((double)update->advantages[place], wanted, 2e-6, "advantage");
        twin_assert_close((double)update->returns[place], wanted + (double)r->rollout.values[row],
                          2e-6, "return");
        ck_assert_float_eq(update->values[place], r->rollout.values[row]);
        ck_assert_float_eq(update->rewards[place], r->rollout.rewards[row]);
        ck_assert_uint_eq(update->terminated[place], r->rollout.terminated[row]);
    }
    twin_close(&t);
}

static rig_shape usual(void)
{
    rig_shape shape = rig_usual();
    shape.ppo.gamma = 0.75f;
    shape.ppo.gae_lambda = 0.5f;
    return shape;
}

START_TEST(test_returns_truncated_row_bootstraps_from_its_own_final_observation)
{
    const rig_shape shape = usual();
    rig r;
    open_rows(&r, &shape, 2, 3);
    const float to_come[2 * S] = {9.0f, 9.0f, 9.0f, -9.0f, 9.0f, -9.0f};
    r.rollout.truncated[1] = 1; /* session 1 after its first step */
    r.rollout.truncated[4] = 1; /* session 0 at its last */
    compute(&r, to_come);
    check_rows(&r, to_come);
    rig_close(&r);
}
END_TEST

START_TEST(test_returns_terminated_row_does_not_bootstrap)
{
    const rig_shape shape = usual();
    rig r;
    open_rows(&r, &shape, 2, 3);
    for (size_t i = 0; i < r.rollout.n_rows * S; i++) {
        r.rollout.final_states[i] = NAN; /* nobody may read them */
    }
    const float to_come[2 * S] = {0.5f, 0.5f, 0.5f, 0.25f, 0.5f, 1.0f};
    r.rollout.terminated[2] = 1;
    r.rollout.terminated[5] = 1;
    compute(&r, to_come);
    check_rows(&r, to_come);
    for (size_t place = 0; place < 6; place++) {
        const int32_t row = r.agent->trainer.update.order[place];
        if (row == 2 || row == 5) {
            ck_assert_float_eq(r.agent->trainer.update.next_values[place], 0.0f);
        }
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_returns_open_sessions_bootstrap_from_the_states_to_come)
{
    const rig_shape shape = usual();
    rig r;
    open_rows(&r, &shape, 3, 4);
    const float to_come[3 * S] = {1, 2, 3, -1, -2, -3, 0.5f, 0, -0.5f};
    compute(&r, to_come);
    check_rows(&r, to_come);
    rig_close(&r);
}
END_TEST

/* More ends than a slice has rows, so values are computed in several goes. */
START_TEST(test_returns_of_many_sessions_are_those_of_each)
{
    rig_shape shape = usual();
    shape.n = 4;
    shape.agent.max_rows = 700;
    rig r;
    open_rows(&r, &shape, 700, 3);
    for (size_t i = 0; i < r.rollout.n_rows; i++) {
        const size_t fate = rig_below(&r, 4);
        r.rollout.terminated[i] = fate == 0;
        r.rollout.truncated[i] = fate == 1;
    }
    float *to_come = RIG_TAKE(&r, float, 700 * S);
    rig_fill(&r, to_come, 700 * S, 1.0f);
    compute(&r, to_come);
    check_rows(&r, to_come);
    rig_close(&r);
}
END_TEST

START_TEST(test_returns_of_a2c_are_n_step_returns)
{
    rig_shape shape = usual();
    shape.algo = RR_ALGO_A2C;
    shape.a2c.gamma = 0.5f;
    shape.a2c.gae_lambda = 1.0f;
    rig r;
    open_rows(&r, &shape, 1, 3);
    const float to_come[S] = {0.1f, 0.2f, 0.3f};
    compute(&r, to_come);
    twin t;
    twin_open(&t, &r);
    const float *rewards = r.rollout.rewards;
    const double wanted = (double)rewards[0] + 0.5 * (double)rewards[1] +
                          0.25 * (double)rewards[2] + 0.125 * twin_value(&t, to_come);
    twin_assert_close((double)r.agent->trainer.update.returns[0], wanted, 2e-6, "return");
    twin_close(&t);
    rig_close(&r);
}
END_TEST

START_TEST(test_returns_need_states_while_a_session_is_open)
{
    const rig_shape shape = usual();
    rig r;
    open_rows(&r, &shape, 2, 2);
    ck_assert(rri_returns_need_states(&r.rollout));
    r.rollout.terminated[2] = 1;
    ck_assert(rri_returns_need_states(&r.rollout));
    r.rollout.truncated[3] = 1;
    ck_assert(!rri_returns_need_states(&r.rollout));
    compute(&r, NULL);
    check_rows(&r, NULL);
    r.rollout.terminated[2] = 0;
    r.rollout.terminated[0] = 1; /* an end before the last row is another session's */
    ck_assert(rri_returns_need_states(&r.rollout));
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/returns", test_returns_truncated_row_bootstraps_from_its_own_final_observation,
           test_returns_terminated_row_does_not_bootstrap,
           test_returns_open_sessions_bootstrap_from_the_states_to_come,
           test_returns_of_many_sessions_are_those_of_each, test_returns_of_a2c_are_n_step_returns,
           test_returns_need_states_while_a_session_is_open)
