/* SPDX-License-Identifier: MIT */
#include "nn/item_tower.h"

#include <string.h>

#include "core/status.h"

/* Not 0: over vectors of zeros and under a query of zeros nothing would ever have a slope. */
static const float LAST_GAIN = 0.01f;

rr_status rri_item_tower_declare(rri_item_tower *tower, rri_params *params, const int32_t hidden[4],
                                 size_t feature_dim, size_t dim, int32_t activation, float scale,
                                 rr_error *err)
{
    rri_mlp_shape shape = {.in = feature_dim, .activation = activation, .lacks_last_bias = true};
    while (shape.n_layers < 4 && hidden[shape.n_layers] > 0) {
        shape.widths[shape.n_layers] = (size_t)hidden[shape.n_layers];
        shape.n_layers++;
    }
    shape.widths[shape.n_layers++] = dim;
    *tower = (rri_item_tower){.scale = scale, .begin = params->n_floats};
    RRI_TRY(rri_mlp_declare(&tower->mlp, params, "actor.tower", &shape, err));
    tower->end = params->n_floats;
    return RR_OK;
}

bool rri_item_tower_is_there(const rri_item_tower *tower)
{
    return tower->mlp.shape.n_layers > 0;
}

static size_t dim_of(const rri_item_tower *tower)
{
    return tower->mlp.shape.widths[tower->mlp.shape.n_layers - 1];
}

static void layout_shard(rri_item_tower *tower, rri_tower_shard *shard, rri_arena *arena)
{
    const size_t size = rri_mlp_scratch(&tower->mlp, RRI_TOWER_BLOCK);
    rri_mlp_tape_layout(&shard->tape, arena, &tower->mlp, RRI_TOWER_BLOCK);
    shard->stack = (rri_stack){.base = RRI_TAKE(arena, char, size), .size = size, .used = 0};
    if (tower->is_trained) {
        rri_mlp_tape_layout(&shard->slopes, arena, &tower->mlp, RRI_TOWER_BLOCK);
        shard->features = RRI_TAKE(arena, float, RRI_TOWER_BLOCK * tower->mlp.shape.in);
        shard->gradients = RRI_TAKE(arena, float, tower->end - tower->begin);
    }
}

/* Whoever has no threads needs one shard. */
void rri_item_tower_layout(rri_item_tower *tower, rri_arena *arena, const rri_kernels *kernels,
                           size_t n_items)
{
    if (!rri_item_tower_is_there(tower)) {
        return;
    }
    const size_t most = tower->is_trained ? RRI_TOWER_SHARDS : 1;
    const size_t n_blocks = (n_items + RRI_TOWER_LEAST - 1) / RRI_TOWER_LEAST;
    tower->n_items = n_items;
    tower->span = (n_blocks + most - 1) / most * RRI_TOWER_LEAST;
    tower->n_shards = (n_items + tower->span - 1) / tower->span;
    rri_mlp_layout(&tower->mlp, arena, kernels, false);
    for (size_t i = 0; i < tower->n_shards; i++) {
        layout_shard(tower, &tower->shards[i], arena);
    }
}

size_t rri_item_tower_init_scratch(const rri_item_tower *tower)
{
    return rri_mlp_init_scratch(&tower->mlp);
}

void rri_item_tower_init(const rri_item_tower *tower, float *values, uint64_t seed, void *scratch)
{
    rri_mlp_init(&tower->mlp, values, LAST_GAIN, seed, scratch);
}

void rri_item_tower_pack(rri_item_tower *tower, const float *values)
{
    rri_mlp_pack(&tower->mlp, values);
}

/* Items [*first, *last) of a shard. */
static void range_of(size_t *first, size_t *last, const rri_item_tower *tower, size_t shard)
{
    *first = shard * tower->span;
    *last = rri_size_smaller(tower->n_items, *first + tower->span);
}

void rri_item_tower_forward(float *table, rri_item_tower *tower, const float *base,
                            const float *features, size_t shard)
{
    rri_tower_shard *own = &tower->shards[shard];
    const rri_kernels *kernels = tower->mlp.layers[0].kernels;
    const size_t f = tower->mlp.shape.in, d = dim_of(tower);
    const float *outputs = rri_mlp_last(&tower->mlp, &own->tape);
    size_t first, last;
    range_of(&first, &last, tower, shard);
    for (size_t n; first < last; first += n) {
        n = rri_size_smaller(RRI_TOWER_BLOCK, last - first);
        rri_mlp_forward(&tower->mlp, &own->tape, features + first * f, 0, n, &own->stack);
        memcpy(table + first * d, base + first * d, n * d * sizeof *table);
        rri_vec_axpy(kernels, table + first * d, tower->scale, outputs, n * d);
    }
}

static bool has_slope(const float *d_item, size_t d)
{
    for (size_t c = 0; c < d; c++) {
        if (d_item[c] != 0.0f) {
            return true;
        }
    }
    return false;
}

/* The MLP with its gradients in an array that begins at the tower's first. */
static rri_mlp moved(const rri_item_tower *tower)
{
    rri_mlp mlp = tower->mlp;
    for (size_t i = 0; i < mlp.shape.n_layers; i++) {
        mlp.layers[i].weight_offset -= tower->begin;
        mlp.layers[i].bias_offset -= mlp.layers[i].has_bias ? tower->begin : 0;
    }
    return mlp;
}

/* The n items whose features and slopes the shard has gathered. */
static void backward_block(const rri_mlp *mlp, rri_tower_shard *own, size_t n)
{
    rri_mlp_forward(mlp, &own->tape, own->features, 0, n, &own->stack);
    rri_mlp_backward_input(mlp, NULL, &own->slopes, &own->tape, 0, n, &own->stack);
    for (size_t task = 0; task < rri_mlp_n_tasks(mlp); task++) {
        rri_mlp_backward_params(mlp, own->gradients, &own->slopes, &own->tape, own->features, n,
                                task, &own->stack);
    }
}

void rri_item_tower_backward(rri_item_tower *tower, const float *d_table, const float *features,
                             size_t shard)
{
    rri_tower_shard *own = &tower->shards[shard];
    const rri_mlp mlp = moved(tower);
    const size_t f = mlp.shape.in, d = dim_of(tower);
    float *slopes = rri_mlp_last(&mlp, &own->slopes);
    size_t first, last, n = 0;
    range_of(&first, &last, tower, shard);
    memset(own->gradients, 0, (tower->end - tower->begin) * sizeof(float));
    for (size_t i = first; i < last; i++) {
        if (!has_slope(d_table + i * d, d)) {
            continue;
        }
        memcpy(own->features + n * f, features + i * f, f * sizeof *features);
        for (size_t c = 0; c < d; c++) {
            slopes[n * d + c] = tower->scale * d_table[i * d + c];
        }
        if (++n == RRI_TOWER_BLOCK) {
            backward_block(&mlp, own, n);
            n = 0;
        }
    }
    if (n > 0) {
        backward_block(&mlp, own, n);
    }
}

void rri_item_tower_collect(float *gradients, const rri_item_tower *tower)
{
    const size_t n = tower->end - tower->begin;
    memset(gradients + tower->begin, 0, n * sizeof *gradients);
    for (size_t i = 0; i < tower->n_shards; i++) {
        rri_vec_add(tower->mlp.layers[0].kernels, gradients + tower->begin,
                    tower->shards[i].gradients, n);
    }
}
