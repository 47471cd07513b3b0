/* SPDX-License-Identifier: MIT */
#include "model/likeness.h"

#include <stddef.h>
#include <string.h>

#include "core/config_tables.h"
#include "core/config_value.h"

typedef struct alike {
    const char *name;
    size_t offset, bytes;
    unsigned marks;
} alike;

#define ALIKE(field, marks)                                                                        \
    {                                                                                              \
#field, offsetof(rr_agent_config, field), sizeof(((rr_agent_config *)0)->field), marks     \
    }

enum { MEANING = RRI_LIKE_MEANING, SHAPE = RRI_LIKE_SHAPE, BOTH = MEANING | SHAPE };

/* In the order of the struct, so that the first difference is the one that explains the others. */
static const alike FIELDS[] = {
    ALIKE(head, BOTH),
    ALIKE(hidden, BOTH),
    ALIKE(critic_hidden, BOTH),
    ALIKE(activation, MEANING),
    ALIKE(state_dim, BOTH),
    ALIKE(item_dim, BOTH),
    ALIKE(feature_dim, BOTH),
    ALIKE(has_skip, MEANING),
    ALIKE(has_bias, MEANING),
    ALIKE(has_repeat_weight, MEANING),
    ALIKE(has_trained_items, MEANING),
    ALIKE(max_candidates, SHAPE),
    ALIKE(max_history, SHAPE),
    ALIKE(max_pool_items, SHAPE),
    ALIKE(mlp_scale, MEANING),
    ALIKE(normalize_returns, MEANING),
    ALIKE(normalize_states, BOTH),
    ALIKE(has_feature_query, BOTH),
    ALIKE(reward_model, BOTH),
    ALIKE(candidate_hidden, BOTH),
    ALIKE(item_feature_dim, MEANING),
    ALIKE(tower_hidden, MEANING),
    ALIKE(tower_scale, MEANING),
    ALIKE(encoder, BOTH),
    ALIKE(encoder_width, BOTH),
    ALIKE(encoder_layers, BOTH),
    ALIKE(encoder_heads, BOTH),
    ALIKE(encoder_history, BOTH),
    ALIKE(encoder_rewards, BOTH),
    ALIKE(has_fold_in, BOTH),
    ALIKE(fold_in_decay, MEANING),
    ALIKE(count_bonus, MEANING),
    ALIKE(schema, BOTH),
};
enum { N_FIELDS = sizeof FIELDS / sizeof FIELDS[0] };

const char *rri_likeness_difference(const rr_agent_config *given, const rr_agent_config *wanted,
                                    rri_likeness mark)
{
    const char *a = (const char *)given, *b = (const char *)wanted;
    for (size_t i = 0; i < N_FIELDS; i++) {
        const alike *field = &FIELDS[i];
        if ((field->marks & (unsigned)mark) != 0 &&
            memcmp(a + field->offset, b + field->offset, field->bytes) != 0) {
            return field->name;
        }
    }
    return NULL;
}

bool rri_likeness_has(const char *field, rri_likeness mark)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (strcmp(FIELDS[i].name, field) == 0) {
            return (FIELDS[i].marks & (unsigned)mark) != 0;
        }
    }
    return false;
}

void rri_likeness_text(char out[RRI_CONFIG_TEXT_CAPACITY], const rr_agent_config *config,
                       const char *field)
{
    const rri_config_table *table = rri_config_table_of(RR_CONFIG_AGENT);
    out[0] = '\0';
    for (size_t i = 0; i < table->n_fields; i++) {
        const rri_config_field *at = &table->fields[i];
        if (strcmp(at->name, field) == 0) {
            rri_config_value value = {0};
            memcpy(value.as.bytes, (const char *)config + at->offset, rri_config_value_size(at));
            rri_config_value_format(out, at, &value);
        }
    }
}
