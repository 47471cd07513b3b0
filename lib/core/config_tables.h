/* SPDX-License-Identifier: MIT */
/* config_tables.h: the table of each config struct of recrl.h: the one home of names, defaults,
 * ranges and one-line texts. */
#ifndef RRI_API_CONFIG_TABLES_H
#define RRI_API_CONFIG_TABLES_H

#include "core/config.h"

/* The table of an RR_CONFIG_* kind; NULL for an unknown one. */
const rri_config_table *rri_config_table_of(int32_t kind);
/* The largest kind that there is. */
int32_t rri_config_last_kind(void);

/* The table of a caller's struct, by the kind that it carries. RR_E_INVALID: NULL, a struct_size
 * that ends before the kind, or a kind that is none; `caller` ("rr_config_set") opens the sentence.
 */
rr_status rri_config_table_find(const rri_config_table **table, const void *config,
                                const char *caller, rr_error *err);

#endif
