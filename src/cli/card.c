/*
 * card.c - data cards on standard output: lines of text, or JSON.
 */
#include "card.h"

#include "qgrid/data_card.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

/* Whether an experiment is the first with its texts and tokens: of those the card tells. */
static bool is_first(const qg_plan *p, int experiment)
{
    for (int e = 0; e < experiment; e++)
        if (p->tokens[e] == p->tokens[experiment])
            return false;
    return true;
}

static void print_lengths(const char *what, const double *q)
{
    printf(
        "    %s of a text: %.0f to %.0f, median %.5g, middle half %.5g to %.5g, 95 %% below %.5g",
        what, q[QG_CARD_min], q[QG_CARD_max], q[QG_CARD_median], q[QG_CARD_q25], q[QG_CARD_q75],
        q[QG_CARD_q95]);
}

static qg_code print_tokens(const qg_plan *p, int experiment)
{
    const qg_experiment *x = &p->job->experiments[experiment];
    char what[QG_JOB_NAME + 16];
    qg_token_card t;
    QG_TRY(qg_token_card_make(&t, p, experiment));
    snprintf(what, sizeof what, "tokens (%s)", p->job->models[x->model].name);
    print_lengths(what, t.tokens);
    printf("; %.2f %% cut at %d, %.2f %% of the tokens unknown\n", 100 * t.cut,
           p->tokens[experiment]->max_length, 100 * t.unknown);
    return QG_OK;
}

static void print_classes(const qg_job *job, const qg_data_card *c)
{
    printf("    classes: ");
    for (int k = 0; k < job->K; k++)
        printf("%s%s %lld", k ? ", " : "", job->labels[k], (long long)c->of_class[k]);
    if (c->unlabelled)
        printf(", without label %lld", (long long)c->unlabelled);
    printf("\n");
}

qg_code qg_card_print(const qg_plan *p, int dataset)
{
    qg_data_card c;
    QG_TRY(qg_data_card_make(&c, p, dataset));
    print_classes(p->job, &c);
    print_lengths("words", c.words);
    printf("\n    vocabulary: %lld different of %lld words", (long long)c.distinct,
           (long long)c.running);
    if (!isnan(c.known_distinct))
        printf("; the training data have %.1f %% of them, %.1f %% of all", 100 * c.known_distinct,
               100 * c.known_running);
    printf("\n    texts with words of");
    for (int k = 0; k < QG_PHENOMENA; k++)
        printf("%s %s: %lld (%lld words)", k ? "," : "", qg_phenomenon_names[k],
               (long long)c.phenomenon_texts[k], (long long)c.phenomenon_words[k]);
    printf("\n");
    for (int e = 0; e < p->job->n_experiments; e++)
        if (p->job->experiments[e].dataset == dataset && is_first(p, e))
            QG_TRY(print_tokens(p, e));
    return QG_OK;
}

/* ------------------------------------------------------------------------------------------ JSON
 */

static void add_string(qg_str *s, const char *key, const char *value)
{
    qg_str_addf(s, "\"%s\":", key);
    if (value)
        qg_str_add_json(s, value, strlen(value));
    else
        qg_str_add(s, "null");
}

static void add_number(qg_str *s, const char *key, double value)
{
    qg_str_addf(s, "\"%s\":", key);
    if (isnan(value))
        qg_str_add(s, "null");
    else
        qg_str_add_f64(s, value);
}

static void add_count(qg_str *s, const char *key, int64_t value)
{
    qg_str_addf(s, ",\"%s\":%lld", key, (long long)value);
}

static void add_lengths(qg_str *s, const char *key, const double *q)
{
    qg_str_addf(s, ",\"%s\":{", key);
    for (int i = 0; i < QG_CARD_QUANTILES; i++) {
        qg_str_add(s, i ? "," : "");
        add_number(s, qg_card_quantile_names[i], q[i]);
    }
    qg_str_add(s, "}");
}

static qg_code add_tokens(qg_str *s, const qg_plan *p, int experiment, bool first)
{
    qg_token_card t;
    QG_TRY(qg_token_card_make(&t, p, experiment));
    qg_str_add(s, first ? "{" : ",{");
    add_string(s, "model", p->job->models[p->job->experiments[experiment].model].name);
    add_lengths(s, "tokens", t.tokens);
    add_count(s, "max_length", p->tokens[experiment]->max_length);
    qg_str_add(s, ",");
    add_number(s, "share_cut", t.cut);
    qg_str_add(s, ",");
    add_number(s, "share_unknown", t.unknown);
    qg_str_add(s, "}");
    return QG_OK;
}

/* Rows that data sets before this one have, too. */
static qg_code add_leaks(qg_str *s, const qg_plan *p, int dataset)
{
    qg_str_add(s, ",\"leaks\":{");
    for (int d = 0, n = 0; d < p->job->n_datasets; d++) {
        int64_t shared =
            d == dataset ? 0 : qg_dataset_shared(&p->datasets[d].data, &p->datasets[dataset].data);
        if (shared < 0)
            return qg_error_last()->code;
        if (shared > 0)
            qg_str_addf(s, "%s\"%s\":%lld", n++ ? "," : "", p->job->datasets[d].name,
                        (long long)shared);
    }
    qg_str_add(s, "}");
    return QG_OK;
}

static void add_file(qg_str *s, const qg_plan *p, int dataset)
{
    const qg_dataset *d = &p->datasets[dataset].data;
    add_string(s, "name", d->name);
    qg_str_add(s, ",");
    add_string(s, "path", p->job->datasets[dataset].path);
    qg_str_add(s, ",");
    add_string(s, "sha256", d->sha256);
    qg_str_add(s, ",");
    add_string(s, "known_as", d->known_as);
    add_count(s, "texts", d->n);
    add_count(s, "records", d->records);
    add_count(s, "skipped", d->skipped);
    add_count(s, "empty", d->empty);
    add_count(s, "duplicates", d->duplicates);
    add_count(s, "conflicting", d->conflicting);
}

static qg_code add_card(qg_str *s, const qg_plan *p, int dataset)
{
    const qg_job *job = p->job;
    qg_data_card c;
    int n = 0;
    QG_TRY(qg_data_card_make(&c, p, dataset));
    qg_str_add(s, dataset ? ",\n{" : "{");
    add_file(s, p, dataset);
    QG_TRY(add_leaks(s, p, dataset));
    qg_str_add(s, ",\"classes\":{");
    for (int k = 0; k < job->K; k++) {
        qg_str_add(s, k ? "," : "");
        qg_str_add_json(s, job->labels[k], strlen(job->labels[k]));
        qg_str_addf(s, ":%lld", (long long)c.of_class[k]);
    }
    qg_str_add(s, "}");
    add_count(s, "unlabelled", c.unlabelled);
    add_lengths(s, "words", c.words);
    add_count(s, "running_words", c.running);
    add_count(s, "different_words", c.distinct);
    qg_str_add(s, ",");
    add_number(s, "different_words_in_training", c.known_distinct);
    qg_str_add(s, ",");
    add_number(s, "running_words_in_training", c.known_running);
    qg_str_add(s, ",\"phenomena\":{");
    for (int k = 0; k < QG_PHENOMENA; k++)
        qg_str_addf(s, "%s\"%s\":{\"texts\":%lld,\"words\":%lld}", k ? "," : "",
                    qg_phenomenon_names[k], (long long)c.phenomenon_texts[k],
                    (long long)c.phenomenon_words[k]);
    qg_str_add(s, "},\"tokenizers\":[");
    for (int e = 0; e < job->n_experiments; e++)
        if (job->experiments[e].dataset == dataset && is_first(p, e))
            QG_TRY(add_tokens(s, p, e, n++ == 0));
    qg_str_add(s, "]}");
    return QG_OK;
}

static qg_code add_all(qg_str *s, const qg_plan *p)
{
    qg_str_add(s, "{");
    add_string(s, "job", p->job->name);
    add_count(s, "cells", p->n_cells);
    add_count(s, "selected", p->n_selected);
    add_count(s, "units", p->n_units);
    qg_str_addf(s, ",\"readable\":%s,\"warnings\":[", p->unreadable ? "false" : "true");
    for (int i = 0; i < p->n_warnings; i++) {
        qg_str_add(s, i ? "," : "");
        qg_str_add_json(s, p->warnings[i], strlen(p->warnings[i]));
    }
    qg_str_add(s, "],\n\"datasets\":[");
    for (int d = 0; d < p->job->n_datasets; d++)
        QG_TRY(add_card(s, p, d));
    qg_str_add(s, "]}\n");
    return qg_str_status(s);
}

qg_code qg_card_print_json(const qg_plan *p)
{
    qg_str s = {0};
    qg_code rc = add_all(&s, p);
    if (rc == QG_OK)
        fputs(s.data, stdout);
    qg_str_fini(&s);
    return rc;
}
