/*
 * data_card_json.c - a data card as a JSON object.
 */
#include "qgrid/data_card.h"

#include <math.h>
#include <string.h>

bool qg_data_card_tells(const qg_plan *p, int dataset, int experiment)
{
    for (int e = 0; e < experiment; e++)
        if (p->tokens[e] == p->tokens[experiment])
            return false;
    return p->job->experiments[experiment].dataset == dataset;
}

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

qg_code qg_data_card_json(qg_str *s, const qg_plan *p, int dataset)
{
    const qg_job *job = p->job;
    qg_data_card c;
    int n = 0;
    QG_TRY(qg_data_card_make(&c, p, dataset));
    qg_str_add(s, "{");
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
        if (qg_data_card_tells(p, dataset, e))
            QG_TRY(add_tokens(s, p, e, n++ == 0));
    qg_str_add(s, "]}");
    return qg_str_status(s);
}
