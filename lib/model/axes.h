/* SPDX-License-Identifier: MIT */
/* axes.h: what the rows and the columns of a tensor stand for, so that it can be carried over to a
 * network of another width. A tensor that is added to the network gets its line in axes.c; a test
 * finds the one that was forgotten. */
#ifndef RRI_MODEL_AXES_H
#define RRI_MODEL_AXES_H

#include "model/network.h"

typedef enum rri_axis {
    RRI_AXIS_OWN,          /* the network's own: layers, vectors */
    RRI_AXIS_STATES,       /* one for each coordinate of states */
    RRI_AXIS_STATES_FIRST, /* likewise, and behind them the network's own: 1, an encoding */
    RRI_AXIS_FEATURES,     /* one for each feature */
    RRI_AXIS_ITEMS         /* one for each item */
} rri_axis;

typedef struct rri_axes {
    rri_axis rows, columns; /* columns OWN in a tensor of one dimension */
} rri_axes;

/* param is one of the network's. */
rri_axes rri_axes_of(const rri_network *net, const rri_param *param);

#endif
