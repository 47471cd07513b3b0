/* SPDX-License-Identifier: MIT */
#include "train/dead_units.h"

#include <math.h>

static const float SAME = 1e-6f;

/* What is carved from the work: a tape of n rows, and a stack. */
typedef struct carving {
    rri_network_tape tape;
    rri_stack stack;
    size_t bytes;
} carving;

static carving carve(const rri_network *net, size_t n, void *base)
{
    carving c = {.stack.size = rri_network_scratch(net, n)};
    rri_arena arena = {.base = base};
    rri_network_tape_layout(&c.tape, &arena, net, n);
    c.stack.base = RRI_TAKE(&arena, char, c.stack.size);
    c.bytes = arena.used;
    return c;
}

size_t rri_dead_units_work(const rri_network *net, size_t n)
{
    return carve(net, n, NULL).bytes / sizeof(float) + 1;
}

static size_t count_dead(const float *y, size_t n, size_t width)
{
    size_t n_dead = 0;
    for (size_t unit = 0; unit < width; unit++) {
        float low = y[unit];
        float high = y[unit];
        for (size_t i = 1; i < n; i++) {
            low = fminf(low, y[i * width + unit]);
            high = fmaxf(high, y[i * width + unit]);
        }
        n_dead += high - low <= SAME ? 1 : 0;
    }
    return n_dead;
}

/* Adds the units of one MLP's activated layers. */
static void count_layers(const rri_mlp *mlp, const rri_mlp_tape *tape, size_t n, size_t *n_dead,
                         size_t *n_units)
{
    for (size_t l = 0; l < mlp->shape.n_layers; l++) {
        const bool is_activated = l + 1 < mlp->shape.n_layers || mlp->shape.activates_last;
        if (is_activated) {
            *n_dead += count_dead(tape->outputs[l], n, mlp->layers[l].out);
            *n_units += mlp->layers[l].out;
        }
    }
}

double rri_dead_units_share(const rri_network *net, const rri_inputs *in, size_t n, float *work)
{
    if (n < 2) {
        return NAN;
    }
    size_t n_dead = 0;
    size_t n_units = 0;
    carving c = carve(net, n, work);
    rri_network_see(net, &c.tape, in, 0, n, &c.stack);
    rri_network_query(net, &c.tape, in, 0, n, &c.stack);
    rri_network_value(net, &c.tape, in, 0, n, &c.stack);
    count_layers(&net->actor, &c.tape.actor, n, &n_dead, &n_units);
    count_layers(&net->critic, &c.tape.critic, n, &n_dead, &n_units);
    return n_units > 0 ? (double)n_dead / (double)n_units : NAN;
}
