/*
 * dataset_rows.c - texts that occur more than once, inside a dataset and in two of them.
 */
#include "io/dataset_rows.h"

#include "io/text_set.h"

#include <string.h>

qg_code qg_rows_compare(qg_dataset *out, qg_arena *a, const qg_row *row, int64_t n)
{
    qg_mark start = qg_arena_mark(a);
    qg_text_set set;
    uint8_t *conflict; /* [n] by the first row with the text */
    QG_TRY(qg_text_set_make(&set, a, n));
    QG_NEW(conflict, a, n);
    for (int64_t i = 0; i < n; i++) {
        int64_t first = qg_text_set_put(&set, row[i].text, row[i].len, i);
        out->duplicates += first != i;
        if (row[first].label != row[i].label && !conflict[first]) {
            conflict[first] = 1;
            out->conflicting++;
        }
    }
    qg_arena_release(a, start);
    return QG_OK;
}

/* Number of a group, which may be a new one. */
static qg_code find_group(int32_t *out, qg_dataset *d, const char **name,
                          const qg_dataset_spec *spec, const qg_row *row)
{
    int i = 0;
    while (i < d->n_groups && strcmp(name[i], row->group) != 0)
        i++;
    *out = i;
    if (i < d->n_groups)
        return QG_OK;
    if (i == QG_GROUPS_MAX)
        return QG_FAIL_AT(QG_EFORMAT, spec->path, row->line, 0, spec->group_column,
                          "more than %d different groups", QG_GROUPS_MAX);
    if (strlen(row->group) > QG_GROUP_NAME_MAX)
        return QG_FAIL_AT(QG_EFORMAT, spec->path, row->line, 0, spec->group_column,
                          "the name of a group has %zu bytes, at most %d are allowed",
                          strlen(row->group), QG_GROUP_NAME_MAX);
    name[d->n_groups++] = row->group;
    return QG_OK;
}

qg_code qg_rows_group(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec, const qg_row *row,
                      int64_t rows, const uint8_t *keep, int64_t n)
{
    const char **name;
    int32_t *group;
    int64_t at = 0;
    if (!spec->group_column)
        return QG_OK;
    QG_NEW(name, a, QG_GROUPS_MAX);
    QG_NEW(group, a, n);
    for (int64_t i = 0; i < rows; i++) {
        if (keep && !keep[i])
            continue;
        group[at] = -1;
        if (row[i].group)
            QG_TRY(find_group(&group[at], out, name, spec, &row[i]));
        at++;
    }
    if (out->n_groups == 0)
        return QG_FAIL_AT(QG_EFORMAT, spec->path, 0, 0, spec->group_column,
                          "no row is in a group: the column is empty");
    out->group_name = name;
    out->group = group;
    return QG_OK;
}

char *qg_text_folded(qg_arena *a, const char *text, size_t len, size_t *out_len)
{
    static const qg_normalization spaces = {.n = 1, .rule = {QG_TEXT_WHITESPACE}};
    char *s = qg_normalize_text(a, &spaces, text, len, out_len);
    for (size_t i = 0; s && i < *out_len; i++)
        if (s[i] >= 'A' && s[i] <= 'Z')
            s[i] = (char)(s[i] - 'A' + 'a');
    return s;
}

static qg_code count_shared(int64_t *count, qg_arena *scratch, const qg_dataset *a,
                            const qg_dataset *b)
{
    qg_text_set set;
    size_t len;
    QG_TRY(qg_text_set_make(&set, scratch, a->n));
    for (int64_t i = 0; i < a->n; i++) {
        const char *text = qg_text_folded(scratch, a->text[i], a->text_len[i], &len);
        if (!text)
            return QG_ENOMEM;
        (void)qg_text_set_put(&set, text, len, i);
    }
    for (int64_t i = 0; i < b->n; i++) {
        qg_mark start = qg_arena_mark(scratch);
        const char *text = qg_text_folded(scratch, b->text[i], b->text_len[i], &len);
        if (!text)
            return QG_ENOMEM;
        *count += qg_text_set_find(&set, text, len) >= 0;
        qg_arena_release(scratch, start);
    }
    return QG_OK;
}

int64_t qg_dataset_shared(const qg_dataset *a, const qg_dataset *b)
{
    int64_t count = 0;
    qg_arena *scratch = qg_arena_create(0);
    if (!scratch) {
        (void)QG_FAIL(QG_ENOMEM, "no memory to compare two datasets");
        return -1;
    }
    if (count_shared(&count, scratch, a, b) != QG_OK)
        count = -1;
    qg_arena_destroy(scratch);
    return count;
}
