/*
 * card.c - data cards on standard output: lines of text, or JSON.
 */
#include "card.h"

#include "qgrid/data_card.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

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
    printf("; %.2f %% cut at %d", 100 * t.cut, p->tokens[experiment]->max_length);
    if (t.unknown >= 0) /* there are tokens of words */
        printf(", %.2f %% of the tokens unknown", 100 * t.unknown);
    printf("\n");
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

static void print_groups(const qg_job *job, const qg_dataset *d)
{
    for (int g = 0; g < d->n_groups; g++) {
        printf("    group %s:", d->group_name[g]);
        for (int k = 0; k < job->K; k++)
            printf("%s %s %lld", k ? "," : "", job->labels[k],
                   (long long)qg_data_card_in_group(d, g, k));
        printf("\n");
    }
}

qg_code qg_card_print(const qg_plan *p, int dataset)
{
    qg_data_card c;
    QG_TRY(qg_data_card_make(&c, p, dataset));
    print_classes(p->job, &c);
    print_groups(p->job, &p->datasets[dataset].data);
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
        if (qg_data_card_tells(p, dataset, e))
            QG_TRY(print_tokens(p, e));
    return QG_OK;
}

static qg_code add_all(qg_str *s, const qg_plan *p)
{
    qg_str_add(s, "{\"job\":");
    qg_str_add_json(s, p->job->name, strlen(p->job->name));
    qg_str_addf(s, ",\"cells\":%d,\"selected\":%d,\"units\":%d,\"readable\":%s,\"warnings\":[",
                p->n_cells, p->n_selected, p->n_units, p->unreadable ? "false" : "true");
    for (int i = 0; i < p->n_warnings; i++) {
        qg_str_add(s, i ? "," : "");
        qg_str_add_json(s, p->warnings[i], strlen(p->warnings[i]));
    }
    qg_str_add(s, "],\n\"datasets\":[");
    for (int d = 0; d < p->job->n_datasets; d++) {
        qg_str_add(s, d ? ",\n" : "");
        QG_TRY(qg_data_card_json(s, p, d));
    }
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
