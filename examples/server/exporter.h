/* SPDX-License-Identifier: MIT */
/* exporter.h: answers GET /metrics on this machine alone, in a thread of its own, one caller at a
 * time: what a scraper of Prometheus asks for. */
#ifndef SERVER_EXPORTER_H
#define SERVER_EXPORTER_H

#include <stdio.h>

typedef struct exporter exporter;

/* Listens on 127.0.0.1:port (0: one that is free) and says on stderr where. `write` prints the text
 * of an answer; it is called from the exporter's thread. Behind it stands how many callers went
 * away, or took longer than two seconds, before their answer was whole. */
exporter *exporter_open(int port, void (*write)(FILE *out, void *context), void *context);
/* Ends the thread, after the answer that is under way. NULL is fine. */
void exporter_close(exporter *e);

#endif
