/*
 * labels.c - reading the classes of a study.
 */
#include "qgrid/labels.h"

#include <string.h>

qg_code qg_labels_read(const char *const **out, int *n, const qg_json_doc *doc, const qg_json *v,
                       qg_problems *problems)
{
    const struct {
        const qg_json_doc *doc;
        qg_problems *problems;
    } r = {doc, problems};
    const char **labels;
    *out = NULL;
    *n = 0;
    if (v->type != QG_JSON_ARRAY) {
        QG_WRONG(&r, v, "found %s, an array is expected", qg_json_kind(v));
        return QG_OK;
    }
    if (v->count < 2 || v->count > QG_MAX_CLASSES) {
        QG_WRONG(&r, v, "%d labels, 2 to %d are allowed", v->count, QG_MAX_CLASSES);
        return QG_OK;
    }
    QG_NEW(labels, problems->arena, v->count + 1);
    for (const qg_json *m = v->child; m; m = m->next) {
        if (m->type != QG_JSON_STRING || !m->string[0]) {
            QG_WRONG(&r, m, "found %s, a label name is expected", qg_json_kind(m));
            continue;
        }
        for (int i = 0; i < *n; i++)
            if (strcmp(labels[i], m->string) == 0)
                QG_WRONG(&r, m, "label '%s' occurs twice", m->string);
        labels[(*n)++] = m->string;
    }
    *out = labels;
    return QG_OK;
}
