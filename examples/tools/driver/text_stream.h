/* SPDX-License-Identifier: MIT */
/* text_stream.h: a file's bytes as the delimited text in UTF-8 that rr_dataset_load reads.
 *
 *     bytes ── gzip? zlib ── UTF-16? iconv ── JSON lines? jansson ── delimited text
 *
 * Each step looks at what comes out of the one before, and stands aside where it has nothing to do.
 * A file that needs none is read by the library itself; a pipe, or "-" for standard input, always
 * comes through here. */
#ifndef EXAMPLES_DRIVER_TEXT_STREAM_H
#define EXAMPLES_DRIVER_TEXT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct text_stream text_stream; /* opaque */

/* Never NULL: what cannot be opened is refused with a sentence, and the program ends. */
text_stream *text_stream_open(const char *path);
void text_stream_close(text_stream *s);

/* Whether the library can read the file itself. */
bool text_stream_is_plain(const text_stream *s);
/* Whether it can be read once alone: a pipe. */
bool text_stream_is_pipe(const text_stream *s);
/* "gzip, UTF-16, JSON lines", "Python dictionaries"; "" of what is plain. */
const char *text_stream_form(const text_stream *s);

/* rr_load_options.read, of a text_stream. */
int64_t text_stream_read(void *stream, void *out, int64_t n_bytes);
/* The sentence of a read that failed; "" where none did. */
const char *text_stream_error(const text_stream *s);

#endif
