/* SPDX-License-Identifier: MIT */
/* The learning curves of a feed as one SVG, with the incumbent's line. */
#ifndef FEEDS_PICTURE_H
#define FEEDS_PICTURE_H

#include "study.h"

/* false: the file could not be written. */
bool picture_write(const char *path, const feed_kind *kind, const study *studies, int64_t n,
                   const study_options *options);

#endif
