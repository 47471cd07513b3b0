/* SPDX-License-Identifier: MIT */
/* panels_recipe.c: what the runs were made with. */
#include <string.h>

#include "driver/flags.h"
#include "driver/text.h"
#include "page.h"
#include "panels.h"

static void put_fact(FILE *out, const char *name, const char *value, bool is_changed)
{
    fputs("<dt>", out);
    page_text(out, name);
    fputs(is_changed ? "</dt><dd><b>" : "</dt><dd>", out);
    page_text(out, value);
    fputs(is_changed ? "</b></dd>" : "</dd>", out);
}

/* Every field of one config; what is not the table's default is set apart. */
static void put_config(FILE *out, const settings *s, int32_t kind)
{
    settings copy = *s;
    const int32_t n = rr_config_field_count(kind);
    for (int32_t i = 0; i < n; i++) {
        rr_config_field field = {.struct_size = sizeof field};
        char value[128];
        char name[128];
        rr_error err;
        text_require(rr_config_field_at(kind, i, &field, &err), &err);
        text_require(
            rr_config_get(settings_config(&copy, kind), field.name, value, sizeof value, &err),
            &err);
        snprintf(name, sizeof name, "%s %s", settings_prefix(kind), field.name);
        put_fact(out, name, value, strcmp(value, field.default_value) != 0);
    }
}

static void put_run(FILE *out, const runs *r, const run_group *group)
{
    const run_record *first = &r->at[group->members[0]];
    char text[512];
    page_begin_panel(out, group->name, "");
    fputs("<dl>", out);
    put_fact(out, "algorithm", flags_algo_name(first->s.algo), false);
    put_fact(out, "world", first->origin.world, false);
    put_fact(out, "machine", first->about.machine, false);
    put_fact(out, "kernels", first->about.kernels, false);
    const double *steps = curves_column(&first->log, "n_timesteps");
    snprintf(text, sizeof text, "%s in %.1f s", text_count((int64_t)steps[first->log.n_rows - 1]),
             first->about.seconds);
    put_fact(out, "decisions", text, false);
    put_fact(out, "checkpoint", first->about.checkpoint, false);
    put_fact(out, "version", first->about.version, false);
    put_fact(out, "date", first->about.date, false);
    put_fact(out, "command", first->about.command, false);
    fputs("</dl>\n<details><summary class=\"faint\">config; set apart: not the table's "
          "default</summary><dl>",
          out);
    put_config(out, &first->s, RR_CONFIG_ENV);
    put_config(out, &first->s, RR_CONFIG_AGENT);
    put_config(out, &first->s, settings_algo_kind(&first->s));
    put_config(out, &first->s, RR_CONFIG_TRAIN);
    fputs("</dl></details>\n", out);
    page_end_panel(out);
}

void panels_write_recipe(FILE *out, const runs *r, const scene *s)
{
    page_begin_grid(out);
    for (int g = 0; g < r->n_groups; g++) {
        if (stage_is_alike(s->stages[0]->first, &r->at[r->groups[g].members[0]])) {
            put_run(out, r, &r->groups[g]);
        }
    }
    page_end_grid(out);
}
