/*
 * stored.c - reading explanations of single texts. What a file claims is checked before it is used.
 */
#include "qgrid/stored.h"

#include "qgrid/str.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define ATTRIBUTIONS "/attributions/{model}/{dataset}/{precision}/{method}"

static qg_code refuse(const qg_reading *r, const char *path, const char *what)
{
    return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "%s", what);
}

/* Part [first, first + n) of a row, or of a column where `row` is -1, as it is stored. */
static qg_code read_part(void *out, qg_reading *r, const char *path, qg_store_type type,
                         int64_t row, int64_t first, int64_t n)
{
    qg_store_info s;
    QG_TRY(qg_store_describe(&s, r->store, path));
    int ndim = row < 0 ? 1 : 2;
    const int64_t start[] = {row < 0 ? first : row, first}, count[] = {row < 0 ? n : 1, n};
    if (s.type != type || s.ndim != ndim || first < 0 || n < 0 || first > s.shape[ndim - 1] - n ||
        (row >= 0 && row >= s.shape[0]))
        return refuse(r, path, "is not as the layout has it");
    return n ? qg_store_read(r->store, path, type, start, count, out) : QG_OK;
}

/* Element i of a column of texts. */
static qg_code read_string(const char **out, qg_reading *r, const char *path, int64_t i)
{
    qg_store_info s;
    char *text;
    const int64_t one = 1;
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.type != QG_STORE_STRING || s.ndim != 1 || i >= s.shape[0])
        return refuse(r, path, "is not a column of texts");
    QG_NEW(text, r->arena, s.string_size + 1);
    *out = text;
    return qg_store_read(r->store, path, s.type, &i, &one, text);
}

/* ----------------------------------------------------------------------------------------- texts
 */

/* Bytes at which code points begin; the text has at least as many as are asked for. */
static qg_code find_bytes(int32_t *out, const int32_t *point, int n, const char *text, size_t len)
{
    int32_t at = 0;
    size_t byte = 0;
    for (int i = 0; i < n; i++) {
        if (point[i] < at)
            return QG_FAIL(QG_ESTORE, "the words of a text are not in their order");
        for (; at < point[i] && byte < len; at++)
            byte += (size_t)qg_utf8_width((unsigned char)text[byte]);
        if (at < point[i] || byte > len)
            return QG_FAIL(QG_ESTORE, "a word ends behind its text");
        out[i] = (int32_t)byte;
    }
    return QG_OK;
}

static qg_code read_words(qg_stored_text *t, qg_reading *r, const char *group)
{
    int64_t split[2];
    char path[1024];
    size_t len = strlen(t->text);
    snprintf(path, sizeof path, "%s/word_row_splits", group);
    QG_TRY(read_part(split, r, path, QG_STORE_I64, -1, t->row, 2));
    if (split[0] < 0 || split[1] < split[0] || split[1] - split[0] > (int64_t)len)
        return refuse(r, path, "does not split the words of the text");
    t->n_words = (int)(split[1] - split[0]);
    QG_NEW(t->start, r->arena, t->n_words);
    QG_NEW(t->end, r->arena, t->n_words);
    QG_NEW(t->byte_start, r->arena, t->n_words);
    QG_NEW(t->byte_end, r->arena, t->n_words);
    snprintf(path, sizeof path, "%s/word_start", group);
    QG_TRY(read_part(t->start, r, path, QG_STORE_I32, -1, split[0], t->n_words));
    QG_TRY(find_bytes(t->byte_start, t->start, t->n_words, t->text, len));
    snprintf(path, sizeof path, "%s/word_end", group);
    QG_TRY(read_part(t->end, r, path, QG_STORE_I32, -1, split[0], t->n_words));
    QG_TRY(find_bytes(t->byte_end, t->end, t->n_words, t->text, len));
    for (int w = 0; w < t->n_words; w++)
        if (t->byte_end[w] < t->byte_start[w])
            return refuse(r, path, "a word ends before it begins");
    return QG_OK;
}

qg_code qg_stored_text_read(qg_stored_text *out, qg_reading *r, const char *dataset, int64_t row)
{
    char group[600], path[1024];
    qg_store_info s;
    int32_t label;
    *out = (qg_stored_text){.row = row};
    snprintf(group, sizeof group, "/datasets/%s", dataset);
    snprintf(path, sizeof path, "%s/text", group);
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (row < 0 || s.ndim != 1 || row >= s.shape[0])
        return QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, path, "has %lld rows: there is no row %lld",
                          (long long)s.shape[0], (long long)row);
    QG_TRY(read_string(&out->text, r, path, row));
    snprintf(path, sizeof path, "%s/sample_id", group);
    QG_TRY(read_string(&out->id, r, path, row));
    snprintf(path, sizeof path, "%s/label", group);
    QG_TRY(read_part(&label, r, path, QG_STORE_I32, -1, row, 1));
    out->label = label;
    return read_words(out, r, group);
}

/* ---------------------------------------------------------------------------------- explanations
 */

qg_code qg_stored_rows(int64_t **row, int64_t *slots, qg_reading *r, const qg_read_cell *c)
{
    char *path;
    qg_store_info s;
    QG_TRY(qg_reading_path(&path, r, "/explained/{model}/{dataset}/row", c));
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 1)
        return refuse(r, path, "is not a column of rows");
    *slots = s.shape[0];
    QG_NEW(*row, r->arena, *slots);
    return read_part(*row, r, path, QG_STORE_I64, -1, 0, *slots);
}

qg_code qg_stored_classes(const char ***out, int *n, qg_reading *r, const qg_read_cell *c)
{
    char *path;
    qg_store_info s;
    QG_TRY(qg_reading_path(&path, r, "/predictions/{model}/{dataset}/{precision}/class", c));
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 1 || s.shape[0] < 1 || s.shape[0] > 4096)
        return refuse(r, path, "is not a list of classes");
    *n = (int)s.shape[0];
    QG_NEW(*out, r->arena, *n);
    for (int k = 0; k < *n; k++)
        QG_TRY(read_string(&(*out)[k], r, path, k));
    return QG_OK;
}

/* A number of a slot. */
static qg_code read_one(void *out, qg_reading *r, const char *group, const char *name,
                        qg_store_type type, int64_t slot)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", group, name);
    return read_part(out, r, path, type, -1, slot, 1);
}

static qg_code read_scalar_text(const char **out, qg_reading *r, const char *group,
                                const char *name)
{
    char path[1024], *text;
    qg_store_info s;
    snprintf(path, sizeof path, "%s/%s", group, name);
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.type != QG_STORE_STRING || s.ndim != 0)
        return refuse(r, path, "is not a text");
    QG_NEW(text, r->arena, s.string_size + 1);
    *out = text;
    return qg_store_read(r->store, path, s.type, NULL, NULL, text);
}

/* Scores of the text's words: those behind the last place that is stored were cut off. */
static qg_code read_word_scores(double **out, qg_reading *r, const char *group, int64_t slot,
                                int words)
{
    char path[1024];
    qg_store_info s;
    snprintf(path, sizeof path, "%s/word_scores", group);
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 2)
        return refuse(r, path, "is not a table of scores");
    int stored = s.shape[1] < words ? (int)s.shape[1] : words;
    QG_NEW(*out, r->arena, words);
    for (int w = stored; w < words; w++)
        (*out)[w] = (double)NAN;
    return read_part(*out, r, path, QG_STORE_F64, slot, 0, stored);
}

static qg_code read_prediction(qg_stored_scores *out, qg_reading *r, const qg_read_cell *c,
                               int64_t row)
{
    char *path;
    qg_store_info s;
    double *p;
    QG_TRY(
        qg_reading_path(&path, r, "/predictions/{model}/{dataset}/{precision}/probabilities", c));
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 2 || s.shape[1] <= out->predicted || s.shape[1] <= out->target ||
        out->predicted < 0 || out->target < 0)
        return refuse(r, path, "has not the classes that the explanation is of");
    QG_NEW(p, r->arena, s.shape[1]);
    out->probability = p;
    return read_part(p, r, path, QG_STORE_F64, row, 0, s.shape[1]);
}

qg_code qg_stored_scores_read(qg_stored_scores *out, bool *found, qg_reading *r,
                              const qg_read_cell *c, int64_t slot, const qg_stored_text *text)
{
    char *group;
    uint8_t state;
    int32_t predicted, target, reached;
    QG_TRY(qg_reading_path(&group, r, ATTRIBUTIONS, c));
    *found = false;
    QG_TRY(read_one(&state, r, group, "state", QG_STORE_U8, slot));
    if (state != QG_STATE_DONE)
        return QG_OK;
    *found = true;
    QG_TRY(read_one(&predicted, r, group, "predicted", QG_STORE_I32, slot));
    QG_TRY(read_one(&target, r, group, "target", QG_STORE_I32, slot));
    QG_TRY(read_one(&reached, r, group, "tolerance_reached", QG_STORE_I32, slot));
    QG_TRY(read_one(&out->steps, r, group, "steps", QG_STORE_I64, slot));
    QG_TRY(read_one(&out->base, r, group, "base_value", QG_STORE_F64, slot));
    QG_TRY(read_one(&out->delta, r, group, "delta", QG_STORE_F64, slot));
    QG_TRY(read_one(&out->fit, r, group, "fit", QG_STORE_F64, slot));
    QG_TRY(read_scalar_text(&out->gradients, r, group, "gradients"));
    out->predicted = predicted;
    out->target = target;
    out->reached = reached;
    QG_TRY(read_word_scores(&out->word, r, group, slot, text->n_words));
    return read_prediction(out, r, c, text->row);
}

qg_code qg_stored_drift(double **rho, int64_t slots, qg_reading *r, const qg_read_cell *c)
{
    char *path;
    QG_NEW(*rho, r->arena, slots);
    for (int64_t i = 0; i < slots; i++)
        (*rho)[i] = (double)NAN;
    QG_TRY(qg_reading_path(&path, r, "/comparisons/{model}/{dataset}/{precision}/{method}/spearman",
                           c));
    if (c->state != QG_STATE_DONE || !qg_store_has(r->store, path))
        return QG_OK;
    return read_part(*rho, r, path, QG_STORE_F64, -1, 0, slots);
}
