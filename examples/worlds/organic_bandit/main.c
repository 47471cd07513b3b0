/* SPDX-License-Identifier: MIT */
/* organic_bandit: policies that do and do not learn, in the session world of RecoGym v1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const char usage[] =
    "organic_bandit [--products 10] [--flips 0] [--seeds 0-9] [--jobs 1] [--users 5000]\n"
    "               [--rows 1000000] [--gamma 0]\n"
    "organic_bandit --published [--users 5000]\n"
    "\n"
    "  --products N   products of the catalogue, 2 to 1024\n"
    "  --flips N      pairs whose clicks have changed places, 0 to the number of products\n"
    "  --seeds A-B    catalogues and users; also one number\n"
    "  --jobs N       processes, 1 to 256\n"
    "  --users N      users that every policy is played to\n"
    "  --rows N       recommendations that each learner learns from; 0: no learners\n"
    "  --gamma X      the learners' discount, 0 to 1\n"
    "  --published    figures that others printed for what does not learn, beside ours\n";

static void fail(const char *flag, const char *value, const char *allowed)
{
    fprintf(stderr, "organic_bandit: %s is \"%s\"; it must be %s\n", flag, value, allowed);
    exit(EXIT_FAILURE);
}

static int64_t whole(const char *flag, const char *value, int64_t low, int64_t high)
{
    char allowed[64];
    char *end = NULL;
    const long long x = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || x < low || x > high) {
        snprintf(allowed, sizeof allowed, "a whole number in [%lld, %lld]", (long long)low,
                 (long long)high);
        fail(flag, value, allowed);
    }
    return x;
}

static void parse_seeds(ob_plan *plan, const char *value)
{
    char *end = NULL;
    const unsigned long long first = strtoull(value, &end, 10);
    unsigned long long last = first;
    int is_good = end != value;
    if (is_good && *end == '-') {
        const char *at = end + 1;
        last = strtoull(at, &end, 10);
        is_good = end != at;
    }
    if (!is_good || *end != '\0' || last < first || last - first >= 256 || last > UINT32_MAX) {
        fail("--seeds", value, "one number or A-B, at most 256 of them, below 2^32");
    }
    plan->n_seeds = (int32_t)(last - first) + 1;
    for (int32_t i = 0; i < plan->n_seeds; i++) {
        plan->seeds[i] = first + (unsigned)i;
    }
}

static void parse_flag(ob_plan *plan, const char *flag, const char *value)
{
    if (strcmp(flag, "--products") == 0) {
        plan->n_products = (int32_t)whole(flag, value, 2, OB_MOST_PRODUCTS);
    } else if (strcmp(flag, "--flips") == 0) {
        plan->n_flips = (int32_t)whole(flag, value, 0, OB_MOST_PRODUCTS);
    } else if (strcmp(flag, "--seeds") == 0) {
        parse_seeds(plan, value);
    } else if (strcmp(flag, "--jobs") == 0) {
        plan->n_jobs = (int32_t)whole(flag, value, 1, 256);
    } else if (strcmp(flag, "--users") == 0) {
        plan->n_users = (int32_t)whole(flag, value, 1, 1 << 30);
    } else if (strcmp(flag, "--rows") == 0) {
        plan->n_rows = whole(flag, value, 0, INT64_MAX / 2);
    } else if (strcmp(flag, "--gamma") == 0) {
        char *end = NULL;
        plan->gamma = strtof(value, &end);
        if (end == value || *end != '\0' || !(plan->gamma >= 0.0f && plan->gamma <= 1.0f)) {
            fail(flag, value, "in [0, 1]");
        }
    } else {
        fprintf(stderr, "organic_bandit: unknown flag %s\n%s", flag, usage);
        exit(EXIT_FAILURE);
    }
}

static int parse(ob_plan *plan, int argc, char **argv)
{
    int is_published = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        }
        if (strcmp(argv[i], "--published") == 0) {
            is_published = 1;
            continue;
        }
        if (i + 1 == argc) {
            fprintf(stderr, "organic_bandit: %s wants a value, or is unknown\n%s", argv[i], usage);
            exit(EXIT_FAILURE);
        }
        parse_flag(plan, argv[i], argv[i + 1]);
        i++;
    }
    if (plan->n_flips > plan->n_products) {
        fail("--flips", "more", "at most the number of products");
    }
    return is_published;
}

int main(int argc, char **argv)
{
    static ob_plan plan = {.n_products = 10, .n_users = 5000, .n_rows = 1000000, .n_jobs = 1};
    static ob_trial trials[256];
    parse_seeds(&plan, "0-9");
    if (parse(&plan, argc, argv)) {
        return ob_published_print(plan.n_users) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (plan.n_jobs > plan.n_seeds) {
        plan.n_jobs = plan.n_seeds;
    }
    if (ob_trials_run(trials, &plan) != 0) {
        return EXIT_FAILURE;
    }
    ob_table_print(trials, &plan);
    return EXIT_SUCCESS;
}
