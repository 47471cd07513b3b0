/* SPDX-License-Identifier: MIT */
/* table_header.h: which column of a table of interactions means what.
 *
 * The first line names the columns, in any order; a type behind a colon ("user_id:token", RecBole's
 * atomic files) is cut off, others are skipped, one without a name (the index that pandas writes)
 * among them:
 *   user        user_id, userId
 *   item        item_id, movieId
 *   rating      rating, click
 *   time        timestamp
 *   position    position
 *   propensity  propensity_score
 *   context     user_feature_…: where no column is the user, all of these together are
 *
 * Four numbers separated by tabs or "::" are no names but MovieLens' first row: user, item, rating
 * and time. */
#ifndef RRI_DATA_TABLE_HEADER_H
#define RRI_DATA_TABLE_HEADER_H

#include "data/table_text.h"

enum {
    RRI_ROLE_USER,
    RRI_ROLE_ITEM,
    RRI_ROLE_RATING,
    RRI_ROLE_TIME,
    RRI_ROLE_POSITION,
    RRI_ROLE_PROPENSITY,
    RRI_N_ROLES,
    RRI_ROLE_CONTEXT = RRI_N_ROLES,
    RRI_ROLE_NONE
};

#define RRI_TABLE_MOST_COLUMNS ((size_t)1024)

typedef struct rri_table_header {
    size_t n_columns;
    bool has[RRI_N_ROLES + 1];             /* is there a column of this role? */
    uint8_t roles[RRI_TABLE_MOST_COLUMNS]; /* [n_columns] */
} rri_table_header;

/* "user_id", as sentences call it. */
const char *rri_table_header_name(int role);

/* From the table's first line, which has been gone to. *is_row ← the line is a row as well; it is
 * to be gone to again. */
rr_status rri_table_header_read(rri_table_header *header, bool *is_row, rri_table_text *table,
                                rr_error *err);

#endif
