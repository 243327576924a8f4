/*
 * labels_fit.c - the classes of a study against those that a model names.
 */
#include "qgrid/labels.h"
#include "qgrid/model.h"

#include "qgrid/str.h"

#include <string.h>

bool qg_labels_are_numbers(const qg_config *c)
{
    return !c->has_head_labels || strncmp(c->labels[0], "LABEL_", 6) == 0;
}

qg_code qg_labels_fit(const char *const *labels, int n, const char *dir, const qg_config *c)
{
    char theirs[200], ours[200];
    if (c->classes != n)
        return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL,
                          "the model has %d classes, but %d labels are given%s", c->classes, n,
                          c->has_head_labels ? ""
                                             : "; config.json names none: if there is no "
                                               "classifier, say \"head\": \"random\" to draw one");
    if (qg_labels_are_numbers(c))
        return QG_OK;
    for (int k = 0; k < n; k++)
        if (strcmp(c->labels[k], labels[k]) != 0)
            return QG_FAIL_AT(QG_EMODEL, dir, 0, 0, NULL,
                              "the model's labels are %s, given are %s (the order counts)",
                              qg_join_names(theirs, sizeof theirs, c->labels),
                              qg_join_names(ours, sizeof ours, labels));
    return QG_OK;
}

static int find_label(const char *const *labels, int n, const char *name)
{
    for (int k = 0; k < n; k++)
        if (strcmp(labels[k], name) == 0)
            return k;
    return -1;
}

/* Class `number` of the model is the label that the value names. */
static qg_code take_class(uint8_t *order, bool *taken, const qg_json_doc *doc, const qg_json *v,
                          const char *const *labels, int n, int number)
{
    char known[200];
    int k = v->type == QG_JSON_STRING ? find_label(labels, n, v->string) : -1;
    if (v->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, a label of the job is expected",
                            qg_json_kind(v));
    if (k < 0)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "'%s' is not a label of the job, these are: %s",
                            v->string, qg_join_names(known, sizeof known, labels));
    if (taken[k])
        return QG_JSON_FAIL(doc, v, QG_EJOB, "two classes of the model are '%s'", v->string);
    taken[k] = true;
    order[k] = (uint8_t)number;
    return QG_OK;
}

static qg_code no_names(const qg_json_doc *doc, const qg_json *v, const char *dir)
{
    return QG_JSON_FAIL(doc, v, QG_EJOB,
                        "config.json of %.120s names no classes: an array of the job's labels in "
                        "the order of the model's is expected",
                        dir);
}

qg_code qg_labels_order(qg_model_source *src, qg_arena *a, const qg_json_doc *doc, const qg_json *v,
                        const char *const *labels, int n, const qg_config *c)
{
    bool taken[QG_MAX_CLASSES] = {false}, seen[QG_MAX_CLASSES] = {false}, named;
    char own[200];
    uint8_t *order;
    int number = 0;
    QG_NEW(order, a, n);
    named = v->type == QG_JSON_OBJECT;
    if (!named && v->type != QG_JSON_ARRAY)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, an array or an object is expected",
                            qg_json_kind(v));
    if (named && !c->has_head_labels)
        return no_names(doc, v, src->dir);
    if (v->count != n || c->classes != n)
        return QG_JSON_FAIL(doc, v, QG_EJOB,
                            "%d labels, the model has %d classes and the job %d labels", v->count,
                            c->classes, n);
    for (const qg_json *m = v->child; m; m = m->next, number++) {
        int at = named ? find_label(c->labels, n, m->key) : number;
        if (at < 0 || seen[at])
            return QG_JSON_FAIL(doc, m, QG_EJOB, "the model has no %sclass '%s', it has: %s",
                                at < 0 ? "" : "second ", m->key,
                                qg_join_names(own, sizeof own, c->labels));
        seen[at] = true;
        QG_TRY(take_class(order, taken, doc, m, labels, n, at));
    }
    src->class_order = order;
    src->n_order = n;
    return QG_OK;
}

qg_code qg_source_config(qg_config *out, qg_arena *a, const qg_model_source *src)
{
    const char **labels;
    QG_TRY(qg_config_load(out, a, src->dir));
    if (!src->class_order)
        return QG_OK;
    if (src->n_order != out->classes)
        return QG_FAIL_AT(QG_EMODEL, src->dir, 0, 0, "id2label",
                          "the model has %d classes, %d are wanted", out->classes, src->n_order);
    QG_NEW(labels, a, out->classes + 1);
    for (int k = 0; k < out->classes; k++)
        labels[k] = out->labels[src->class_order[k]];
    out->labels = labels;
    return QG_OK;
}
