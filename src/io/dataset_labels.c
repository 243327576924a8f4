/*
 * dataset_labels.c - label values of a file.
 */
#include "io/dataset_labels.h"

#include "io/record.h"
#include "qgrid/labels.h"
#include "qgrid/str.h"

#include <string.h>

static int32_t index_of(const char *const *labels, const char *name, size_t len)
{
    for (int32_t i = 0; labels[i]; i++)
        if (strlen(labels[i]) == len && memcmp(labels[i], name, len) == 0)
            return i;
    return -1;
}

static qg_code from_job(qg_label_map *out, qg_arena *a, const qg_dataset_spec *spec)
{
    char known[200], pointer[96];
    qg_label_value *value;
    QG_NEW(value, a, spec->label_map->count);
    for (const qg_json *m = spec->label_map->child; m; m = m->next) {
        QG_ASSERT(m->key);
        if (m->type == QG_JSON_NULL) {
            value[out->n++] = (qg_label_value){m->key, NULL};
            continue;
        }
        if (index_of(out->labels, m->string, strlen(m->string)) < 0)
            return QG_FAIL_AT(QG_EJOB, spec->path, 0, 0,
                              qg_json_pointer(pointer, sizeof pointer, m),
                              "'%s' is not a label of the job, these are: %s", m->string,
                              qg_join_names(known, sizeof known, out->labels));
        value[out->n++] = (qg_label_value){m->key, m->string};
    }
    out->value = value;
    return QG_OK;
}

/* "0=positive 1=neutral 2=negative" */
static qg_code from_format(qg_label_map *out, qg_arena *a, const char *names)
{
    int n = 0;
    for (const char *p = names; *p; p++)
        n += *p == '=';
    qg_label_value *value;
    QG_NEW(value, a, n);
    out->value = value;
    while (*names) {
        size_t len = strcspn(names, " "), split = strcspn(names, "=");
        QG_ASSERT(split < len);
        value->value = qg_arena_strndup(a, names, split);
        value->means = qg_arena_strndup(a, names + split + 1, len - split - 1);
        if (!value->value || !value->means)
            return QG_ENOMEM;
        value++;
        out->n++;
        names += len;
        names += strspn(names, " ");
    }
    return QG_OK;
}

qg_code qg_label_map_make(qg_label_map *out, qg_arena *a, const qg_dataset_spec *spec,
                          const qg_format *format, const char *const *labels)
{
    *out = (qg_label_map){.labels = labels};
    if (spec->label_map)
        return from_job(out, a, spec);
    return format->label_names ? from_format(out, a, format->label_names) : QG_OK;
}

static qg_code unknown(const qg_label_map *map, const char *value, size_t len)
{
    char shown[QG_SHOWN], known[160];
    qg_str all = {0};
    for (int i = 0; i < map->n; i++)
        qg_str_addf(&all, "%s, ", map->value[i].value);
    qg_join_names(known, sizeof known, map->labels);
    qg_code rc = QG_FAIL(QG_EFORMAT, "label '%s' is not one of: %.120s%s",
                         qg_shown(shown, value, len), all.data ? all.data : "", known);
    qg_str_fini(&all);
    return rc;
}

/* "1.0" is how a table that had a gap in the column writes 1: the length without the zeros. */
static size_t whole_length(const char *value, size_t len)
{
    size_t n = len;
    while (n > 0 && value[n - 1] == '0')
        n--;
    if (n < 2 || n == len || value[n - 1] != '.')
        return len;
    n--;
    for (size_t i = value[0] == '-'; i < n; i++)
        if (value[i] < '0' || value[i] > '9')
            return len;
    return n;
}

static qg_code find_exactly(int32_t *out, const qg_label_map *map, const char *value, size_t len)
{
    char known[200];
    for (int i = 0; i < map->n; i++) {
        const qg_label_value *v = &map->value[i];
        if (strlen(v->value) != len || memcmp(v->value, value, len) != 0)
            continue;
        *out = QG_NO_VOTE;
        if (!v->means)
            return QG_OK;
        *out = index_of(map->labels, v->means, strlen(v->means));
        if (*out < 0)
            return QG_FAIL(QG_EFORMAT, "label '%s' means %s, the job's labels are: %s", v->value,
                           v->means, qg_join_names(known, sizeof known, map->labels));
        return QG_OK;
    }
    *out = index_of(map->labels, value, len);
    return QG_OK;
}

qg_code qg_label_map_find(int32_t *out, const qg_label_map *map, const char *value, size_t len)
{
    QG_TRY(find_exactly(out, map, value, len));
    if (*out == -1)
        QG_TRY(find_exactly(out, map, value, whole_length(value, len)));
    return *out == -1 ? unknown(map, value, len) : QG_OK;
}

qg_code qg_label_vote(int32_t *out, int *bad, const qg_label_map *map, const qg_dataset_spec *spec,
                      const qg_record *r)
{
    int count[QG_MAX_CLASSES] = {0}, votes = 0;
    for (*bad = 0; *bad < spec->n_votes; (*bad)++) {
        int32_t label;
        if (r->vote_len[*bad] == 0)
            continue;
        QG_TRY(qg_label_map_find(&label, map, r->vote[*bad], r->vote_len[*bad]));
        if (label == QG_NO_VOTE)
            continue;
        count[label]++;
        votes++;
    }
    *out = QG_NO_VOTE;
    for (int k = 0; k < QG_MAX_CLASSES && votes >= spec->min_votes; k++)
        if (2 * count[k] > votes)
            *out = k;
    return QG_OK;
}
