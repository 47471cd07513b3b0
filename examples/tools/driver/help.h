/* SPDX-License-Identifier: MIT */
/* help.h: what --help prints, and the same as a manual page (--man, which the build installs). Both
 * come from the tables by which flags are read. */
#ifndef EXAMPLES_DRIVER_HELP_H
#define EXAMPLES_DRIVER_HELP_H

#include "flags.h"

typedef struct help_page {
    const char *name;    /* "train" */
    const char *summary; /* what it is for, in a few words */
    const char *usage;   /* what stands behind the name */
    const char *first;   /* the flags that one uses first */
    const char *example; /* likewise */
    const flags_option *options; /* [n_options]; a row whose name is "" is a heading */
    int n_options;
    const char *text;     /* paragraphs, with an empty line between them */
    const int32_t *kinds; /* configs whose fields are flags, ended by −1; NULL: none */
    bool has_presets;     /* and is train, whose help has every config there is */
} help_page;

/* Reads argv by the page's table (flags.h), and by the three rows that every page ends with:
 * --version, --man and --help print what is asked for, and the program ends. */
void help_read(const help_page *page, flags_fields *fields, flags_words *words, int argc,
               char **argv);

#endif
