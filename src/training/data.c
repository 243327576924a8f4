/*
 * data.c - several files become one data set.
 */
#include "data.h"

#include <string.h>

qg_code qg_training_check_labelled(const qg_dataset *d, const char *path)
{
    for (int64_t i = 0; i < d->n; i++)
        if (d->label[i] < 0)
            return QG_FAIL_AT(QG_EFORMAT, path, d->line[i], 0, NULL,
                              "has no label; training and validation need one for every text");
    return QG_OK;
}

qg_code qg_training_load_file(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                              const qg_training_config *c)
{
    bool labelled = c->objective == QG_OBJECTIVE_CLASSIFICATION;
    QG_TRY(qg_dataset_load(out, a, spec, labelled ? c->labels : NULL));
    return labelled ? qg_training_check_labelled(out, spec->path) : QG_OK;
}

static qg_code join(qg_dataset *out, qg_arena *a, const qg_dataset *file,
                    const qg_training_config *c)
{
    const char **text, **id;
    size_t *len;
    int32_t *label;
    int64_t *line, n = 0, k = 0;
    for (int i = 0; i < c->datasets; i++)
        n += file[i].n;
    QG_NEW(text, a, n);
    QG_NEW(id, a, n);
    QG_NEW(len, a, n);
    QG_NEW(label, a, n);
    QG_NEW(line, a, n);
    for (int i = 0; i < c->datasets; i++)
        for (int64_t r = 0; r < file[i].n; r++, k++) {
            text[k] = file[i].text[r];
            len[k] = file[i].text_len[r];
            label[k] = file[i].label[r];
            line[k] = file[i].line[r];
            id[k] = qg_arena_printf(a, "%s:%s", c->dataset[i].path, file[i].sample_id[r]);
            if (!id[k])
                return QG_ENOMEM;
        }
    *out = (qg_dataset){.name = c->dataset[0].name,
                        .n = n,
                        .text = text,
                        .text_len = len,
                        .label = label,
                        .sample_id = id,
                        .line = line};
    return QG_OK;
}

qg_code qg_training_load_texts(qg_dataset *out, const qg_dataset **file, qg_arena *a,
                               const qg_training_config *c)
{
    qg_dataset *each;
    QG_NEW(each, a, c->datasets);
    for (int i = 0; i < c->datasets; i++)
        QG_TRY(qg_training_load_file(&each[i], a, &c->dataset[i], c));
    *file = each;
    if (c->datasets > 1)
        return join(out, a, each, c);
    *out = each[0];
    return QG_OK;
}
