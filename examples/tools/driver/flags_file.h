/* SPDX-License-Identifier: MIT */
/* flags_file.h: flags in a file, one a line, as --dump-config writes them:
 *
 *     # comment
 *     algo ppo
 *     env-n-envs 64
 *
 * `--config FILE` stands for the file's flags, in front of all others: what is given on the command
 * line wins. */
#ifndef EXAMPLES_DRIVER_FLAGS_FILE_H
#define EXAMPLES_DRIVER_FLAGS_FILE_H

#include <stdio.h>

#include "settings.h"

/* argv with the files' flags in place of --config; *argc becomes its length. Allocated, and kept
 * for the life of the program. Fails on a file that cannot be read and on a line that is no flag.
 */
char **flags_file_expand(int *argc, char **argv);

/* "--config run.cfg: line 2: " of a word that came from a file, else "": in front of sentences
 * about it. */
const char *flags_file_place(const char *word);

/* Every field of the configs in use, as flags. Fields that follow from others unless they are given
 * are left to follow: they stand in comments. */
void flags_file_write(FILE *out, const settings *s);

#endif
