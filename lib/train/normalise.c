/* SPDX-License-Identifier: MIT */
#include "train/normalise.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "rl/running.h"

/* Where the statistics of each kind begin: the rows N that are remembered, means, variances. */
enum { RETURNS = 3 };

static const rri_units OF_REWARDS = {
    .shift = 0.0f, .per_unit = 1.0f, .advantage = 1.0f, .scale = 1.0, .has_old_values = true};

/* Numbers of running statistics. */
static size_t count_running(const rr_agent_config *config)
{
    const size_t of_returns = config->normalize_returns != 0 ? RETURNS : 0;
    const size_t of_states = config->normalize_states != 0 ? 1 + 2 * (size_t)config->state_dim : 0;
    return of_returns + of_states;
}

void rri_normalise_layout(rri_trainer *trainer, rri_arena *arena)
{
    rri_normaliser *normaliser = &trainer->normaliser;
    const bool has_states = trainer->model.config.normalize_states != 0;
    normaliser->n_running = count_running(&trainer->model.config);
    normaliser->running = RRI_TAKE(arena, double, normaliser->n_running);
    normaliser->batch =
        RRI_TAKE(arena, double, has_states ? 2 * (size_t)trainer->model.config.state_dim : 0);
    trainer->units = OF_REWARDS;
}

/* V stays what it was while its units change. From scale 0 on there is nothing to keep: V was 0 for
 * want of any return, and the critic begins as it was made, about the mean. */
static void rescale_head(rri_trainer *trainer, double shift, double scale)
{
    const rri_network *net = &trainer->model.network;
    const double old_shift = (double)net->value_shift, old_scale = (double)net->value_scale;
    if (old_scale == 0.0) {
        return;
    }
    const rri_linear *head = &net->critic.layers[net->critic.shape.n_layers - 1];
    float *weights = trainer->model.values + head->weight_offset;
    float *bias = trainer->model.values + head->bias_offset;
    for (size_t i = 0; i < head->in; i++) {
        weights[i] = (float)((double)weights[i] * old_scale / scale);
    }
    *bias = (float)(((double)*bias * old_scale + old_shift - shift) / scale);
}

void rri_normalise_returns(rri_trainer *trainer, const float *returns, const int32_t *rows,
                           size_t n)
{
    const rri_network *net = &trainer->model.network;
    if (net->norm.value_shift == RRI_ABSENT) {
        return;
    }
    double *running = trainer->normaliser.running; /* N, mean, variance */
    double moved[RETURNS], batch_mean, batch_variance;
    memcpy(moved, running, sizeof moved);
    rri_running_batch(&batch_mean, &batch_variance, returns, rows, n, 1);
    const double weight = rri_running_count(&moved[0], n, (double)trainer->model.config.norm_rows);
    rri_running_add(&moved[1], &moved[2], batch_mean, batch_variance, weight);

    trainer->units.has_old_values = net->value_scale != 0.0f;
    const float shift = (float)moved[1], scale = (float)rri_running_scale(moved[1], moved[2]);
    if (isfinite(shift) && isfinite(scale) && scale >= FLT_MIN) { /* so 1/scale is finite, too */
        memcpy(running, moved, sizeof moved);
        rescale_head(trainer, (double)shift, (double)scale);
        trainer->model.values[net->norm.value_shift] = shift;
        trainer->model.values[net->norm.value_scale] = scale;
        rri_network_pack(&trainer->model.network, trainer->model.values);
    }
    const float per_unit = net->value_scale != 0.0f ? 1.0f / net->value_scale : 0.0f;
    trainer->units.shift = net->value_shift;
    trainer->units.per_unit = trainer->units.advantage = per_unit;
    trainer->units.scale = (double)net->value_scale;
}

/* A coordinate that stands still is centred, and measured by its size should it ever move. One that
 * has been 0 for long has a deviation whose inverse is no float any more: 0 · ∞ would be no number.
 */
static float inverse_of(double mean, double variance)
{
    const double deviation = sqrt(variance), size = sqrt(mean * mean + variance);
    const double unit = deviation < rri_running_scale(mean, variance) ? size : deviation;
    return unit > 0.0 ? (float)fmin(1.0 / unit, (double)FLT_MAX) : 1.0f;
}

void rri_normalise_states(rri_trainer *trainer, const float *states, const int32_t *rows, size_t n)
{
    const rri_network *net = &trainer->model.network;
    if (net->norm.state_means == RRI_ABSENT) {
        return;
    }
    const size_t S = net->state_dim;
    double *running = trainer->normaliser.running + trainer->normaliser.n_running - (1 + 2 * S);
    double *means = running + 1, *variances = means + S;
    double *batch_means = trainer->normaliser.batch, *batch_variances = batch_means + S;
    rri_running_batch(batch_means, batch_variances, states, rows, n, S);
    const double weight = rri_running_count(running, n, (double)trainer->model.config.norm_rows);
    for (size_t j = 0; j < S; j++) {
        rri_running_add(&means[j], &variances[j], batch_means[j], batch_variances[j], weight);
        trainer->model.values[net->norm.state_means + j] = (float)means[j];
        trainer->model.values[net->norm.state_inverses + j] = inverse_of(means[j], variances[j]);
    }
}

void rri_normalise_tokens(rri_trainer *trainer)
{
    rri_network *net = &trainer->model.network;
    if (net->norm.reward_unit != RRI_ABSENT) {
        const float unit = net->value_scale != 0.0f ? 1.0f / net->value_scale : 0.0f;
        trainer->model.values[net->norm.reward_unit] = net->encoder.reward_unit = unit;
    }
}

/* N, means [width], variances [width]. */
static rr_status check_part(const unsigned char *running, size_t first, size_t width, rr_error *err)
{
    for (size_t i = 0; i < 1 + 2 * width; i++) {
        const bool may_be_negative = i > 0 && i <= width;
        double value;
        memcpy(&value, running + (first + i) * sizeof value, sizeof value);
        if (!isfinite(value) || (!may_be_negative && value < 0.0)) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: agent.running[%zu] is %g; it must be finite%s",
                     first + i, value, may_be_negative ? "" : " and at least 0");
        }
    }
    return RR_OK;
}

rr_status rri_normalise_check(const rr_agent_config *config, const unsigned char *running,
                              rr_error *err)
{
    const size_t first = config->normalize_returns != 0 ? RETURNS : 0;
    if (config->normalize_returns != 0) {
        RRI_TRY(check_part(running, 0, 1, err));
    }
    return config->normalize_states != 0
               ? check_part(running, first, (size_t)config->state_dim, err)
               : RR_OK;
}
