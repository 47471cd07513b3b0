/* SPDX-License-Identifier: MIT */
/* plain_locale.h: the calling thread in the "C" locale for the length of a few calls, so that
 * numbers are written and read with a point whatever the host has set. Only this thread sees it;
 * the C libraries keep the "C" locale as a constant, so nothing is allocated. */
#ifndef RRI_CORE_PLAIN_LOCALE_H
#define RRI_CORE_PLAIN_LOCALE_H

#include <locale.h>

typedef struct rri_plain_locale {
    locale_t plain, before; /* plain 0: the system refused, the host's locale stays */
} rri_plain_locale;

static inline rri_plain_locale rri_plain_locale_enter(void)
{
    rri_plain_locale held = {newlocale(LC_ALL_MASK, "C", (locale_t)0), (locale_t)0};
    if (held.plain != (locale_t)0) {
        held.before = uselocale(held.plain);
    }
    return held;
}

static inline void rri_plain_locale_leave(rri_plain_locale held)
{
    if (held.plain != (locale_t)0) {
        (void)uselocale(held.before);
        freelocale(held.plain);
    }
}

#endif
