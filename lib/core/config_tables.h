/* SPDX-License-Identifier: MIT */
/* config_tables.h: the table of each config struct of recrl.h: the one home of names, defaults,
 * ranges and one-line texts. */
#ifndef RRI_API_CONFIG_TABLES_H
#define RRI_API_CONFIG_TABLES_H

#include "core/config.h"

/* The table of an RR_CONFIG_* kind; NULL for an unknown one. */
const rri_config_table *rri_config_table_of(int32_t kind);

#endif
