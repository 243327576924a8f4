/*
 * config_text.c - config.json of models that are packed, drawn or trained.
 */
#include "config_reader.h"

#include <string.h>

static void begin(qg_str *s, const qg_config *c, qg_objective objective)
{
    qg_str_addf(s, "{\n  \"architectures\": [\"%s\"]", c->family->architecture[objective]);
}

static void add_id2label(qg_str *s, const qg_config *c)
{
    qg_str_add(s, ",\n  \"id2label\": {");
    for (int k = 0; k < c->classes; k++) {
        qg_str_addf(s, "%s\"%d\": ", k ? ", " : "", k);
        qg_str_add_json(s, c->labels[k], strlen(c->labels[k]));
    }
    qg_str_add(s, "}");
}

static void add_label2id(qg_str *s, const qg_config *c)
{
    qg_str_add(s, ",\n  \"label2id\": {");
    for (int k = 0; k < c->classes; k++) {
        qg_str_add(s, k ? ", " : "");
        qg_str_add_json(s, c->labels[k], strlen(c->labels[k]));
        qg_str_addf(s, ": %d", k);
    }
    qg_str_add(s, "}");
}

void qg_config_add_sizes(qg_str *s, const qg_config *c)
{
    qg_config copy = *c;
    for (const qg_config_size *size = c->family->sizes; size->option; size++)
        qg_str_addf(s, ",\n  \"%s\": %d", size->key, *qg_config_size_at(&copy, size));
}

void qg_config_text(qg_str *s, const qg_config *c, bool packed)
{
    begin(s, c, QG_OBJECTIVE_CLASSIFICATION);
    qg_str_addf(s, ",\n  \"model_type\": \"%s\"", c->family->model_types[0]);
    c->family->write_config(s, c);
    if (!packed)
        qg_str_addf(s, ",\n  \"initializer_range\": %g", c->initializer_range);
    add_id2label(s, c);
    if (!packed)
        add_label2id(s, c);
    qg_str_add(s, "\n}\n");
}

void qg_config_relabelled(qg_str *s, const qg_json *other, const qg_config *c,
                          qg_objective objective)
{
    static const char *const replaced[] = {"architectures", "id2label", "label2id", "num_labels"};
    begin(s, c, objective);
    for (const qg_json *j = other->child; j; j = j->next) {
        bool ours = false;
        for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++)
            ours |= strcmp(j->key, replaced[i]) == 0;
        if (ours)
            continue;
        qg_str_add(s, ",\n  ");
        qg_str_add_json(s, j->key, strlen(j->key));
        qg_str_add(s, ": ");
        qg_json_canonical(s, j);
    }
    if (objective == QG_OBJECTIVE_CLASSIFICATION) {
        add_id2label(s, c);
        add_label2id(s, c);
    }
    qg_str_add(s, "\n}\n");
}
