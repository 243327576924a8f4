/*
 * json.c - explanations as JSON objects, one a line. What is not defined is null.
 */
#include "explain.h"

#include "cli/text_source.h"

#include <math.h>
#include <string.h>

static void name(qg_str *s, const char *key, const char *value)
{
    qg_str_addf(s, "\"%s\": ", key);
    qg_str_add_json(s, value, strlen(value));
    qg_str_add(s, ", ");
}

static void number(qg_str *s, const char *key, double v)
{
    qg_str_addf(s, "\"%s\": ", key);
    qg_str_add_f64(s, v);
    qg_str_add(s, ", ");
}

static void tokens(qg_str *s, const qg_explain_study *y, const qg_encoding *e, const double *score)
{
    qg_str_add(s, "\"tokens\": [");
    for (int i = 0; i < e->n; i++) {
        const char *token = qg_tokenizer_token(y->tokenizer, e->ids[i]);
        qg_str_add(s, i ? ", {" : "{");
        name(s, "text", token ? token : "");
        qg_str_addf(s, "\"id\": %d, \"score\": ", e->ids[i]);
        qg_str_add_f64(s, score[i]);
        qg_str_add(s, "}");
    }
    qg_str_add(s, "]");
}

static void place(qg_str *s, const char *key, int at)
{
    if (at < 0)
        qg_str_addf(s, "\"%s\": null, ", key);
    else
        qg_str_addf(s, "\"%s\": %d, ", key, at);
}

static void words(qg_str *s, const qg_explain_found *t, const double *score)
{
    qg_str_add(s, "\"words\": [");
    for (int w = 0; w < t->code->n_words; w++) {
        const qg_explain_word *word = &t->word[w];
        qg_str_addf(s, "%s\"text\": ", w ? ", {" : "{");
        qg_str_add_json(s, word->text, word->len);
        qg_str_add(s, ", ");
        place(s, "start", word->start);
        place(s, "end", word->end);
        qg_str_add(s, "\"score\": ");
        qg_str_add_f64(s, score[w]);
        qg_str_add(s, "}");
    }
    qg_str_add(s, "]");
}

static void pairs(qg_str *s, const qg_explanation *e)
{
    qg_str_add(s, ", \"interactions\": [");
    for (int i = 0; i < e->pairs; i++) {
        qg_str_addf(s, "%s\"first\": %d, \"second\": %d, \"score\": ", i ? ", {" : "{",
                    e->pair[i].first, e->pair[i].second);
        qg_str_add_f64(s, e->pair[i].score);
        qg_str_add(s, "}");
    }
    qg_str_add(s, "]");
}

static void one_column(qg_str *s, const qg_explain_study *y, const qg_explain_found *t, int column)
{
    const qg_explain_column *c = &y->column[column];
    const qg_explain_result *r = &t->result[column];
    qg_line_begin(s, t->line);
    if (!t->line->text) {
        qg_str_add(s, "\"ids\": ");
        qg_ids_add(s, t->code->ids, t->code->n);
        qg_str_add(s, ", ");
    }
    name(s, "method", c->method);
    name(s, "precision", c->precision);
    name(s, "target", y->labels[r->target]);
    name(s, "label", y->labels[r->label]);
    qg_str_add(s, "\"probabilities\": [");
    for (int k = 0; k < y->classes; k++) {
        qg_str_add(s, k ? ", " : "");
        qg_str_add_f64(s, r->probability[k]);
    }
    qg_str_add(s, "], ");
    number(s, "base_value", r->scores.base);
    number(s, "delta", r->scores.delta);
    if (r->gradients)
        name(s, "gradients", r->gradients);
    if (!isnan(r->scores.fit))
        number(s, "fit", r->scores.fit);
    if (r->scores.steps >= 0)
        qg_str_addf(s, "\"steps\": %lld, ", (long long)r->scores.steps);
    if (r->scores.reached >= 0)
        qg_str_addf(s, "\"tolerance_reached\": %s, ", r->scores.reached ? "true" : "false");
    if (y->tokenizer) { /* else they are stored explanations, told by words */
        tokens(s, y, t->code, r->scores.token_score);
        qg_str_add(s, ", ");
    }
    words(s, t, r->scores.word_score);
    if (r->scores.pairs > 0)
        pairs(s, &r->scores);
    qg_str_add(s, "}\n");
}

void qg_explain_json(qg_str *out, const qg_explain_study *s, const qg_explain_found *t)
{
    for (int c = 0; c < s->columns; c++)
        one_column(out, s, t, c);
}
