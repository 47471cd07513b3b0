/* SPDX-License-Identifier: MIT */
/* row_batch_memory.c: what a text takes, before it is read. */
#include "data/field_value.h"
#include "data/id.h"
#include "data/row_batch.h"
#include "data/row_walk.h"

size_t rri_row_batch_most(size_t n_lines, size_t n_expected, bool has_logs,
                          const rri_row_texts texts[2])
{
    size_t columns = rri_interactions_memory(n_expected, has_logs);
    if (n_expected < n_lines) { /* old ones, which were shorter than the text, beside the new */
        columns =
            rri_size_add(rri_interactions_memory(n_lines, has_logs),
                         rri_interactions_memory(rri_row_batch_grown(n_lines, n_lines), has_logs));
    }
    const size_t table = rri_key_table_memory(rri_size_add(n_lines, RRI_ROW_BATCH_TOGETHER));
    /* Half a table has as many gaps and roundings as a whole one. */
    size_t most = rri_size_add(rri_size_add(table, table), table / 2 + 2 * RRI_ALIGNMENT);
    for (int role = 0; role < 2; role++) {
        const rri_row_texts *const t = &texts[role];
        most = rri_size_add(most, rri_id_texts_most(t->n, t->n_bytes, RRI_ROW_BATCH_TOGETHER,
                                                    RRI_ROW_BATCH_TOGETHER * RRI_TABLE_FIELD_MOST));
        if (t->has_respelled && !t->has_text) {
            most = rri_size_add(most, rri_id_texts_merge_memory(n_lines, t->n, t->n_bytes));
        }
    }
    /* A chunk with a text makes room for both columns. */
    const bool has_texts = texts[0].n > 0 || texts[1].n > 0;
    most = rri_size_add(most, has_texts
                                  ? rri_id_texts_most(1, 0, RRI_ROW_BATCH_TOGETHER,
                                                      RRI_ROW_BATCH_TOGETHER * RRI_TABLE_FIELD_MOST)
                                  : 0);
    return rri_size_add(columns, most);
}

static void count_text(rri_row_texts *texts, const rri_table_field *field,
                       const rri_row_reader *reader)
{
    char buffer[RRI_TABLE_FIELD_MOST + 1], usual[RRI_ID_USUAL_MOST];
    uint64_t key = 0, check = 0;
    size_t n = 0;
    if (rri_field_value_short_id(&key, field)) {
        return;
    }
    const rri_table_field said = rri_table_field_clean(buffer, field, &reader->form);
    (void)rri_id_key(&check, said.text, said.length);
    if (check != 0) {
        const int spelling = rri_id_spelling(usual, &n, said.text, said.length);
        texts->n++;
        texts->n_bytes += said.length;
        texts->has_text = texts->has_text || spelling == RRI_ID_TEXT;
        texts->has_respelled = texts->has_respelled || spelling == RRI_ID_RESPELLED;
    }
}

void rri_row_batch_count_texts(rri_row_texts texts[2], const rri_row_batch *batch, size_t c,
                               const rri_row_reader *reader)
{
    rri_table_field fields[RRI_TABLE_MOST_COLUMNS];
    const rri_row_chunk *const chunk = &batch->chunks[c];
    const size_t n_columns = reader->header.n_columns;
    const char *stop = NULL;
    rri_row_walk walk;
    rri_row_walk_begin(&walk, &reader->form, chunk->text, chunk->bytes);
    while (walk.at < walk.end) {
        size_t n = 0;
        const int kind = rri_row_walk_next(&walk, fields, n_columns, &n, &stop);
        if (kind == RRI_ROW_UNCLOSED || kind == RRI_ROW_TORN) {
            return;
        }
        for (int role = 0; kind == RRI_ROW_FIELDS && n == n_columns && role < 2; role++) {
            if (reader->header.columns[role] >= 0) {
                count_text(&texts[role], &fields[reader->header.columns[role]], reader);
            }
        }
    }
}
