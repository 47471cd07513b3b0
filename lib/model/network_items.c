/* SPDX-License-Identifier: MIT */
/* network_items.c: the vectors of items that a network is given, and what it makes of them.
 * network.h.
 */
#include "items/items.h"
#include "math/gemm.h"
#include "model/network.h"

void rri_network_set_pool(rri_network *net, const rr_items *items)
{
    net->pool = items == NULL ? (rri_pool){0}
                              : (rri_pool){rri_items_vectors(items), rri_items_features(items)};
}

void rri_network_lend_items(rri_network *net, const float *panels)
{
    net->catalogue.n_items = net->n_items;
    net->catalogue.dim = net->dim;
    net->catalogue.panels = panels;
    net->catalogue.query_panels = NULL;
    net->catalogue.vectors = net->pool.vectors;
}

const float *rri_network_base_vectors(const rri_network *net, const float *values)
{
    return net->at.items != RRI_ABSENT ? values + net->at.items : net->pool.vectors;
}

void rri_network_begin_pack(rri_network *net, const float *values)
{
    rri_item_tower_pack(&net->tower, values);
}

void rri_network_make_items(rri_network *net, const float *values, size_t shard)
{
    rri_item_tower_forward(net->tower_items, &net->tower, rri_network_base_vectors(net, values),
                           net->pool.features, shard);
}

void rri_network_keep_products(rri_network *net)
{
    net->catalogue.candidate_products = net->candidate_products;
    if (net->candidate_products == NULL) {
        return;
    }
    const rri_linear *map = &net->candidate.vectors;
    for (size_t i = 0; i < net->n_items; i++) {
        rri_gemm_row(net->kernels, net->candidate_products + i * map->out,
                     net->catalogue.vectors + i * map->in, map->forward_panels, map->out, map->in,
                     map->out);
    }
}
