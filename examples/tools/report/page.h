/* SPDX-License-Identifier: MIT */
/* page.h: the frame of the report: one HTML file without scripts, fonts or pictures from elsewhere.
 */
#ifndef EXAMPLES_REPORT_PAGE_H
#define EXAMPLES_REPORT_PAGE_H

#include <stdio.h>

/* Text with what HTML would read as markup written out. */
void page_text(FILE *out, const char *text);

/* The <style> of a chart that is a file of its own. */
void page_chart_style(FILE *out);

void page_begin(FILE *out, const char *title);
void page_end(FILE *out);
/* A heading, and one sentence that says what stands below: of a world, and of a section of it. */
void page_chapter(FILE *out, const char *id, const char *heading, const char *sentence);
void page_heading(FILE *out, const char *id, const char *heading, const char *sentence);
/* To a heading of the page, by its id. */
void page_link(FILE *out, const char *id, const char *text);
/* Between them, panels stand side by side where there is room; in a close grid narrow ones. */
void page_begin_grid(FILE *out);
void page_begin_close_grid(FILE *out);
void page_end_grid(FILE *out);
/* One panel of a grid: a title, a sentence, then what is written until it is closed. */
void page_begin_panel(FILE *out, const char *title, const char *sentence);
void page_end_panel(FILE *out);

#endif
