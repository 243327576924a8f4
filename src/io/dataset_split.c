/*
 * dataset_split.c - parts of a file: "split" and "part" of a data set.
 *
 * Rows of each label are put in the order of their draws and cut at the shares, so that the parts
 * have the labels in equal shares, have no row in common, and hold all rows where the shares add up
 * to 1. Texts that are equal but for case and white space share the draw of the first one, and so
 * the part. A draw depends on the seed and the record number only.
 */
#include "io/dataset_rows.h"
#include "io/text_set.h"

#include "qgrid/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------------- the entry */

static bool is_seed(const qg_json *m)
{
    return strcmp(m->key, "seed") == 0;
}

static qg_code check_seed(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *m)
{
    if (m->type != QG_JSON_NUMBER || !(m->number >= 0) || m->number > QG_JSON_MOST_INTEGER ||
        m->number != rint(m->number))
        return QG_JSON_FAIL(doc, m, QG_EJOB, "an integer in [0, 2^53) is expected");
    spec->split_seed = (int64_t)m->number;
    return QG_OK;
}

qg_code qg_split_read(qg_dataset_spec *spec, const qg_json_doc *doc)
{
    const qg_json *v = spec->split;
    double sum = 0;
    int parts = 0;
    spec->split_seed = 42;
    if (v->type != QG_JSON_OBJECT)
        return QG_JSON_FAIL(doc, v, QG_EJOB,
                            "found %s, an object is expected: {\"train\": 0.8, "
                            "\"test\": 0.2}",
                            qg_json_kind(v));
    for (const qg_json *m = v->child; m; m = m->next) {
        if (is_seed(m)) {
            QG_TRY(check_seed(spec, doc, m));
            continue;
        }
        if (m->type != QG_JSON_NUMBER || !(m->number > 0 && m->number <= 1))
            return QG_JSON_FAIL(doc, m, QG_EJOB, "a share above 0 and up to 1 is expected");
        sum += m->number;
        parts++;
    }
    if (parts == 0)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "names no part");
    if (sum > 1 + 1e-9)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "the shares add up to %.10g, at most 1 is possible",
                            sum);
    return QG_OK;
}

qg_code qg_split_choose(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *at)
{
    char known[200] = "";
    double sum = 0;
    for (const qg_json *m = spec->split->child; m; m = m->next) {
        size_t n = strlen(known);
        if (is_seed(m))
            continue;
        spec->part_from = sum;
        spec->part_to = sum += m->number;
        if (strcmp(m->key, spec->part) == 0) {
            if (spec->part_to > 1 - 1e-9)
                spec->part_to = 1;
            return QG_OK;
        }
        snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", m->key);
    }
    return QG_JSON_FAIL(doc, at, QG_EJOB, "there is no part '%s', these are: %s", spec->part,
                        known);
}

/* ------------------------------------------------------------------------------------ the rows */

/* Rows of one text. */
typedef struct group {
    uint64_t draw;
    int64_t first, rows;
    int32_t label; /* of the first row */
    bool kept;
} group;

static int by_label_and_draw(const void *pa, const void *pb)
{
    const group *a = *(group *const *)pa, *b = *(group *const *)pb;
    if (a->label != b->label)
        return a->label < b->label ? -1 : 1;
    if (a->draw != b->draw)
        return a->draw < b->draw ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* *group_of[row]: which text it has; returns the number of texts. */
static qg_code find_groups(group *g, int64_t *n_groups, int64_t *group_of, qg_arena *a,
                           const qg_row *row, int64_t n)
{
    qg_text_set set;
    size_t len;
    QG_TRY(qg_text_set_make(&set, a, n));
    for (int64_t i = 0; i < n; i++) {
        const char *text = qg_text_folded(a, row[i].text, row[i].len, &len);
        if (!text)
            return QG_ENOMEM;
        int64_t at = qg_text_set_put(&set, text, len, *n_groups);
        if (at == *n_groups)
            g[(*n_groups)++] = (group){.first = i, .label = row[i].label};
        g[at].rows++;
        group_of[i] = at;
    }
    return QG_OK;
}

/* A text is in the part that its middle lies in. */
static void cut(group **sorted, int64_t n, double from, double to)
{
    for (int64_t begin = 0, end; begin < n; begin = end) {
        int64_t total = 0, before = 0;
        for (end = begin; end < n && sorted[end]->label == sorted[begin]->label; end++)
            total += sorted[end]->rows;
        for (int64_t i = begin; i < end; i++) {
            double middle = ((double)before + 0.5 * (double)sorted[i]->rows) / (double)total;
            sorted[i]->kept = middle >= from && middle < to;
            before += sorted[i]->rows;
        }
    }
}

qg_code qg_rows_split(qg_row *row, int64_t *n, qg_arena *a, const qg_dataset_spec *spec)
{
    group *g, **sorted;
    int64_t *group_of, groups = 0, kept = 0;
    qg_mark start = qg_arena_mark(a);
    QG_NEW(g, a, *n);
    QG_NEW(sorted, a, *n);
    QG_NEW(group_of, a, *n);
    QG_TRY(find_groups(g, &groups, group_of, a, row, *n));
    qg_rng key = qg_rng_make((uint64_t)spec->split_seed, "dataset/split", 0);
    for (int64_t i = 0; i < groups; i++) {
        qg_rng r = qg_rng_stream(&key, (uint64_t)row[g[i].first].record);
        g[i].draw = qg_rng_u64(&r);
        sorted[i] = &g[i];
    }
    if (groups > 0)
        qsort(sorted, (size_t)groups, sizeof *sorted, by_label_and_draw);
    cut(sorted, groups, spec->part_from, spec->part_to);
    for (int64_t i = 0; i < *n; i++)
        if (g[group_of[i]].kept)
            row[kept++] = row[i];
    *n = kept;
    qg_arena_release(a, start);
    return kept > 0 ? QG_OK
                    : QG_FAIL_AT(QG_EJOB, spec->path, 0, 0, "split",
                                 "part '%s' has no rows: the file has too few", spec->part);
}
