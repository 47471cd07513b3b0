/* SPDX-License-Identifier: MIT */
#include "nn/params.h"

#include <string.h>

#include "core/memory.h"
#include "core/status.h"

#define TENSOR_ALIGNMENT ((size_t)16) /* floats: one cache line, one AVX-512 vector */

const rri_param *rri_params_find(const rri_params *params, const char *name)
{
    for (size_t i = 0; i < params->n_params; i++) {
        if (strcmp(params->entries[i].name, name) == 0) {
            return &params->entries[i];
        }
    }
    return NULL;
}

static rr_status check_name(const rri_params *params, const char *name, rr_error *err)
{
    const size_t length = strlen(name);
    if (length == 0 || length > RRI_PARAM_NAME_MAX) {
        RRI_FAIL(err, RR_E_INVALID,
                 "parameter table: a name of %zu characters; it must have 1 to %zu", length,
                 RRI_PARAM_NAME_MAX);
    }
    if (rri_params_find(params, name) != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "parameter table: %s is there already; names must differ",
                 name);
    }
    return RR_OK;
}

rr_status rri_params_add(rri_params *params, size_t *index, const char *name, size_t rows,
                         size_t cols, rr_error *err)
{
    if (params->n_params == RRI_PARAMS_MAX) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "parameter table: %s would be tensor %zu; it holds %zu",
                 name, RRI_PARAMS_MAX + 1, RRI_PARAMS_MAX);
    }
    RRI_TRY(check_name(params, name, err));
    if (rows == 0) {
        RRI_FAIL(err, RR_E_INVALID, "parameter table: %s has 0 rows; it must have at least 1",
                 name);
    }
    const size_t size = rri_size_multiply(rows, cols == 0 ? 1 : cols);
    const size_t end = rri_size_add(rri_size_add(params->n_floats, size), TENSOR_ALIGNMENT - 1);
    if (rri_size_multiply(end, sizeof(float)) == SIZE_MAX) {
        RRI_FAIL(err, RR_E_MEMORY, "parameter table: %s [%zu, %zu] does not fit into memory", name,
                 rows, cols);
    }

    rri_param *param = &params->entries[params->n_params];
    *param = (rri_param){.n_dims = cols == 0 ? 1 : 2,
                         .shape = {rows, cols},
                         .offset = params->n_floats,
                         .size = size};
    memcpy(param->name, name, strlen(name) + 1);
    params->n_floats = end / TENSOR_ALIGNMENT * TENSOR_ALIGNMENT;
    *index = params->n_params++;
    return RR_OK;
}
