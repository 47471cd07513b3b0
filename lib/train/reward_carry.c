/* SPDX-License-Identifier: MIT */
/* What the fit of a reward model remembers, taken over by a network of other columns or items. */
#include <string.h>

#include "train/reward_fit.h"

static size_t rows_of(const rri_network *net)
{
    return net->is_dense ? net->n_items : net->dim;
}

/* n floats of a state that a checkpoint brings, from the front; each call goes on behind. */
static const unsigned char *take(float *out, const unsigned char *from, size_t n)
{
    memcpy(out, from, n * sizeof *out);
    return from + n * sizeof *out;
}

/* (x, 1) of a row of [S_from + 1] floats, column by column. */
static const unsigned char *carry_affine(float *out, const unsigned char *from, size_t S,
                                         const rri_columns *columns)
{
    for (size_t j = 0; j <= columns->n_states; j++) {
        const int32_t place =
            j < columns->n_states ? rri_columns_place(columns->states, j) : (int32_t)S;
        float value;
        from = take(&value, from, 1);
        if (place >= 0 && out != NULL) {
            out[place] = value;
        }
    }
    return from;
}

static const unsigned char *carry_features(float *out, const unsigned char *from,
                                           const rri_columns *columns)
{
    for (size_t j = 0; j < columns->n_features; j++) {
        const int32_t place = rri_columns_place(columns->features, j);
        float value;
        from = take(&value, from, 1);
        if (place >= 0) {
            out[place] = value;
        }
    }
    return from;
}

static const unsigned char *carry_model(float *model, const unsigned char *from,
                                        const rri_network *net, const rri_network *before,
                                        const rri_columns *columns)
{
    const size_t width = net->state_dim + 1;
    const size_t n_before = rows_of(before), n_now = rows_of(net);
    for (size_t i = 0; i < n_before; i++) {
        const int32_t row = net->is_dense ? rri_columns_place(columns->items, i) : (int32_t)i;
        float *to = row >= 0 ? model + (size_t)row * width : NULL;
        from = carry_affine(to, from, net->state_dim, columns);
    }
    from = carry_affine(model + n_now * width, from, net->state_dim, columns);
    return carry_features(model + (n_now + 1) * width, from, columns);
}

/* A row of the ring; an item that is gone is none. */
static const unsigned char *carry_row(float *row, const unsigned char *from, const rri_network *net,
                                      const rri_columns *columns)
{
    const size_t d = net->is_dense ? 1 : net->dim;
    for (size_t j = 0; j < columns->n_states; j++) {
        const int32_t column = rri_columns_place(columns->states, j);
        float value;
        from = take(&value, from, 1);
        if (column >= 0) {
            row[column] = value;
        }
    }
    row += net->state_dim;
    from = take(row, from, d);
    const bool is_item = net->is_dense && row[0] >= 0.0f && row[0] < (float)columns->n_items;
    if (net->is_dense) {
        row[0] = is_item ? (float)rri_columns_place(columns->items, (size_t)row[0]) : -1.0f;
    }
    from = carry_features(row + d, from, columns);
    return take(row + d + net->feature_dim, from, 1);
}

void rri_reward_fit_carry(rri_trainer *trainer, const unsigned char *state,
                          const rri_network *before, const rri_columns *columns)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    memset(fit->state, 0, fit->n_state * sizeof(float));
    for (size_t tried = 0; tried < RRI_REWARD_TRIED; tried++) {
        state = carry_model(fit->state + tried * fit->n_floats, state, net, before, columns);
    }
    state = take(fit->misses, state, (size_t)(fit->rows - fit->misses));
    for (size_t place = 0; place < RRI_REWARD_ROWS; place++) {
        state = carry_row(fit->rows + place * fit->row_floats, state, net, columns);
    }
}
