/*
 * labels.c - reading the classes of a study, and comparing them with a model's.
 */
#include "labels.h"

#include "qgrid/str.h"

#include <string.h>

/* A mistake at a value: noted, reading goes on. */
#define WRONG(v, ...)                                                                              \
    ((void)qg_problems_take(problems, QG_JSON_FAIL(doc, (v), QG_EJOB, __VA_ARGS__)))

qg_code qg_labels_read(const char *const **out, int *n, const qg_json_doc *doc, const qg_json *v,
                       qg_problems *problems)
{
    const char **labels;
    *out = NULL;
    *n = 0;
    if (v->type != QG_JSON_ARRAY) {
        WRONG(v, "found %s, an array is expected", qg_json_kind(v));
        return QG_OK;
    }
    if (v->count < 2 || v->count > QG_MAX_CLASSES) {
        WRONG(v, "%d labels, 2 to %d are allowed", v->count, QG_MAX_CLASSES);
        return QG_OK;
    }
    QG_NEW(labels, problems->arena, v->count + 1);
    for (const qg_json *m = v->child; m; m = m->next) {
        if (m->type != QG_JSON_STRING || !m->string[0]) {
            WRONG(m, "found %s, a label name is expected", qg_json_kind(m));
            continue;
        }
        for (int i = 0; i < *n; i++)
            if (strcmp(labels[i], m->string) == 0)
                WRONG(m, "label '%s' occurs twice", m->string);
        labels[(*n)++] = m->string;
    }
    *out = labels;
    return QG_OK;
}

qg_code qg_labels_fit(const char *const *labels, int n, const char *dir, const qg_bert_config *c)
{
    char theirs[200], ours[200];
    if (c->classes != n)
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL,
                          "the model has %d classes, but %d labels are given%s", c->classes, n,
                          c->has_head_labels ? ""
                                             : "; config.json names none: if there is no "
                                               "classifier, say \"head\": \"random\" to draw one");
    if (!c->has_head_labels || strncmp(c->labels[0], "LABEL_", 6) == 0)
        return QG_OK;
    for (int k = 0; k < n; k++)
        if (strcmp(c->labels[k], labels[k]) != 0)
            return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL,
                              "the model's labels are %s, given are %s (the order counts)",
                              qg_join_names(theirs, sizeof theirs, c->labels),
                              qg_join_names(ours, sizeof ours, labels));
    return QG_OK;
}
