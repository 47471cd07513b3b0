/* SPDX-License-Identifier: MIT */
/* column_names.h: what columns of interactions are called in the data sets that people have, in any
 * case and with any marks between the words (userId, User-ID, user_id).
 *
 *   user        user_id, reviewerID, username, user, uid, customer_id, visitor_id …
 *   item        item_id, movie_id, parent_asin, asin, book_id, ISBN, video_id, artist_id …
 *   rating      rating, stars, overall, score, Book-Rating, click, is_click, label, weight …
 *   time        timestamp, unixReviewTime, time_ms, time, datetime, date …
 *   position    position
 *   propensity  propensity_score
 *   context     user_feature_…: where no column is the user, all of these together are
 *
 * Of several that a file has, the one that stands first in the list counts. */
#ifndef RRI_DATA_COLUMN_NAMES_H
#define RRI_DATA_COLUMN_NAMES_H

#include <stdint.h>

#include "data/table_form.h"

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

/* "user_id", as sentences call it. */
const char *rri_column_name(int role);

/* The role of a column of this name (RRI_ROLE_NONE), and how many names of the role come before it.
 * A type behind a colon ("user_id:token", RecBole's atomic files) does not count. */
int rri_column_role(size_t *rank, const rri_table_field *name);

/* The same for names that are the same but for case, marks and types; 0: no letter, no digit. */
uint64_t rri_column_key(const rri_table_field *name);

/* Whether two names are the same but for case, marks and types. */
bool rri_column_is_same(const rri_table_field *name, const char *other);

#endif
