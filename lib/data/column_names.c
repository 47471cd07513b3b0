/* SPDX-License-Identifier: MIT */
#include "data/column_names.h"

#include <string.h>

#include "core/hash.h"

enum { NAME_MOST = 64 };

static const char *const sentence_names[RRI_N_ROLES] = {
    "user_id", "item_id", "rating", "timestamp", "position", "propensity_score"};

/* In lower case, without marks; the first counts most. */
static const char *const known[RRI_N_ROLES][32] = {
    {"userid", "reviewerid", "username", "user", "uid", "usersid", "customerid", "visitorid",
     "memberid", "accountid", "playerid", "sessionid"},
    {"itemid",   "movieid",   "parentasin", "asin",   "bookid",     "isbn",      "videoid",
     "artistid", "tracksid",  "trackid",    "songid", "businessid", "productid", "appid",
     "gameid",   "animeid",   "venueid",    "newsid", "articleid",  "recipeid",  "beerid",
     "jokeid",   "contentid", "gmapid",     "item",   "movie",      "product"},
    {"rating", "ratings", "stars", "overall", "score", "bookrating", "click", "isclick", "clicked",
     "label", "watchratio", "isrecommended", "playcount", "plays", "weight", "playhours", "hours"},
    {"timestamp", "unixreviewtime", "timems", "unixtime", "ts", "time", "datetime", "eventtime",
     "date", "createdat"},
    {"position"},
    {"propensityscore", "propensity", "pscore"}};
static const char context_prefix[] = "userfeature";

const char *rri_column_name(int role)
{
    return sentence_names[role];
}

/* Letters and digits of a name in lower case, up to its type; the length. */
static size_t normalise(char out[NAME_MOST], const char *name, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length && name[i] != ':' && n + 1 < NAME_MOST; i++) {
        const char c = name[i];
        if (c >= 'A' && c <= 'Z') {
            out[n++] = (char)(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0) {
            out[n++] = c;
        }
    }
    out[n] = '\0';
    return n;
}

int rri_column_role(size_t *rank, const rri_table_field *name)
{
    char wanted[NAME_MOST];
    *rank = 0;
    if (normalise(wanted, name->text, name->length) == 0) {
        return RRI_ROLE_NONE;
    }
    for (int role = 0; role < RRI_N_ROLES; role++) {
        for (size_t i = 0; i < sizeof known[0] / sizeof known[0][0] && known[role][i] != NULL;
             i++) {
            if (strcmp(wanted, known[role][i]) == 0) {
                *rank = i;
                return role;
            }
        }
    }
    return strncmp(wanted, context_prefix, sizeof context_prefix - 1) == 0 ? RRI_ROLE_CONTEXT
                                                                           : RRI_ROLE_NONE;
}

uint64_t rri_column_key(const rri_table_field *name)
{
    char letters[NAME_MOST];
    const size_t n = normalise(letters, name->text, name->length);
    return n == 0 ? 0 : rri_hash_bytes(letters, n, 0) | 1;
}

bool rri_column_is_same(const rri_table_field *name, const char *other)
{
    char left[NAME_MOST], right[NAME_MOST];
    const size_t n = normalise(left, name->text, name->length);
    normalise(right, other, strlen(other));
    return n > 0 && strcmp(left, right) == 0;
}
