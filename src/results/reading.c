/*
 * reading.c - reading the cells of any results file.
 */
#include "qgrid/reading.h"

#include "qgrid/log.h"
#include "qgrid/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static qg_code column(const char ***out, qg_reading *r, const char *name)
{
    char path[64], *data;
    qg_store_info info;
    const char **text;
    snprintf(path, sizeof path, "/cells/%s", name);
    QG_TRY(qg_store_describe(&info, r->store, path));
    if (info.type != QG_STORE_STRING || info.ndim != 1 || info.shape[0] != r->n)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "is not a column of %d texts", r->n);
    QG_NEW(data, r->arena, (size_t)r->n * (info.string_size + 1));
    QG_NEW(text, r->arena, r->n);
    QG_TRY(qg_store_read(r->store, path, QG_STORE_STRING, NULL, NULL, data));
    for (int i = 0; i < r->n; i++) {
        text[i] = qg_arena_strndup(r->arena, data + (size_t)i * info.string_size,
                                   strnlen(data + (size_t)i * info.string_size, info.string_size));
        if (!text[i])
            return QG_ENOMEM;
    }
    *out = text;
    return QG_OK;
}

static qg_code seeds(int64_t **out, qg_reading *r)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, r->store, "/cells/seed"));
    if (info.type != QG_STORE_I64 || info.ndim != 1 || info.shape[0] != r->n)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, "/cells/seed", "is not a column of %d seeds",
                          r->n);
    QG_NEW(*out, r->arena, r->n);
    return qg_store_read(r->store, "/cells/seed", QG_STORE_I64, NULL, NULL, *out);
}

/* Of two cells of one name, which no program writes, the first counts. */
static int by_name(const void *pa, const void *pb)
{
    const qg_read_cell *a = *(const qg_read_cell *const *)pa;
    const qg_read_cell *b = *(const qg_read_cell *const *)pb;
    int order = strcmp(a->name, b->name);
    return order ? order : (a > b) - (a < b);
}

static qg_code sort_names(qg_reading *r)
{
    QG_NEW(r->by_name, r->arena, r->n);
    for (int i = 0; i < r->n; i++)
        r->by_name[i] = &r->cell[i];
    if (r->n > 0)
        qsort(r->by_name, (size_t)r->n, sizeof *r->by_name, by_name);
    return QG_OK;
}

static qg_code read_cells(qg_reading *r)
{
    qg_store_info info;
    uint8_t *state;
    int64_t *seed;
    const char **name, **kind, **experiment, **model, **dataset, **precision, **method, **key,
        **error;
    QG_TRY(qg_check_schema(r->store, r->arena, r->path));
    QG_TRY(qg_schema_differences(&r->differences, r->store, r->arena));
    QG_TRY(qg_store_describe(&info, r->store, "/cells/state"));
    if (info.type != QG_STORE_U8 || info.ndim != 1 || info.shape[0] > 10000000)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, "/cells/state", "is not a column of states");
    r->n = (int)info.shape[0];
    QG_NEW(state, r->arena, r->n);
    QG_NEW(r->cell, r->arena, r->n);
    QG_TRY(qg_store_read(r->store, "/cells/state", QG_STORE_U8, NULL, NULL, state));
    QG_TRY(seeds(&seed, r));
    QG_TRY(column(&name, r, "name"));
    QG_TRY(column(&kind, r, "kind"));
    QG_TRY(column(&experiment, r, "experiment"));
    QG_TRY(column(&model, r, "model"));
    QG_TRY(column(&dataset, r, "dataset"));
    QG_TRY(column(&precision, r, "precision"));
    QG_TRY(column(&method, r, "method"));
    QG_TRY(column(&key, r, "key"));
    QG_TRY(column(&error, r, "error"));
    for (int i = 0; i < r->n; i++)
        r->cell[i] =
            (qg_read_cell){name[i],   kind[i], experiment[i], model[i], dataset[i], precision[i],
                           method[i], key[i],  error[i],      state[i], seed[i]};
    return sort_names(r);
}

static qg_code open_file(qg_reading *out, qg_arena *a, const char *path, bool damaged)
{
    *out = (qg_reading){.path = path, .arena = a};
    QG_TRY(qg_store_open(&out->store, path, false));
    if (damaged)
        qg_store_trust(out->store);
    qg_code rc = read_cells(out);
    if (rc != QG_OK) {
        qg_error kept = *qg_error_last();
        qg_reading_close(out);
        (void)qg_error_restore(&kept);
        return qg_error_place(path, 0, 0, NULL);
    }
    return QG_OK;
}

qg_code qg_reading_open(qg_reading *out, qg_arena *a, const char *path)
{
    return open_file(out, a, path, false);
}

qg_code qg_reading_open_damaged(qg_reading *out, qg_arena *a, const char *path)
{
    return open_file(out, a, path, true);
}

void qg_reading_close(qg_reading *r)
{
    if (r->store && qg_store_close(r->store) != QG_OK)
        qg_error_clear(); /* nothing was written */
    r->store = NULL;
}

qg_code qg_reading_note(const qg_reading *r)
{
    bool sound;
    QG_TRY(qg_store_check_structure(&sound, r->store));
    if (!sound)
        qg_warn("%s is damaged, or was edited: its attributes, names and shapes are not as they "
                "were written",
                r->path);
    if (r->differences)
        qg_note("%s is of another version of the layout: %s. A run with --accept-changes brings it "
                "to this one",
                r->path, r->differences);
    return QG_OK;
}

qg_code qg_reading_only(qg_reading *out, const qg_reading *r, const char *glob)
{
    *out = *r;
    out->n = 0;
    QG_NEW(out->cell, r->arena, r->n);
    for (int i = 0; i < r->n; i++)
        if (qg_glob(glob, r->cell[i].name))
            out->cell[out->n++] = r->cell[i];
    return sort_names(out);
}

const qg_read_cell *qg_reading_cell(const qg_reading *r, const char *name)
{
    int low = 0, high = r->n;
    while (low < high) {
        int middle = (low + high) / 2;
        if (strcmp(r->by_name[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n && strcmp(r->by_name[low]->name, name) == 0 ? r->by_name[low] : NULL;
}

/* What stands for the word at `word`, and the word's length; NULL: there is no such word. */
static const char *field_of(const qg_read_cell *c, const char *word, size_t *len)
{
    const char *last = strrchr(c->name, '/');
    const struct {
        const char *word, *value;
    } field[] = {
        {"{experiment}", c->experiment}, {"{model}", c->model},   {"{dataset}", c->dataset},
        {"{precision}", c->precision},   {"{method}", c->method}, {"{other}", last ? last + 1 : ""},
    };
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        *len = strlen(field[i].word);
        if (strncmp(word, field[i].word, *len) == 0)
            return field[i].value;
    }
    return NULL;
}

qg_code qg_reading_path(char **out, const qg_reading *r, const char *pattern, const qg_read_cell *c)
{
    qg_str s = {0};
    size_t len;
    for (const char *at = pattern; *at; at += len) {
        const char *value = *at == '{' ? field_of(c, at, &len) : NULL;
        if (*at == '{' && !value) {
            qg_str_fini(&s);
            return QG_FAIL(QG_EBUG, "'%s' names nothing that a cell has", at);
        }
        if (!value)
            len = strcspn(at + 1, "{") + 1;
        qg_str_addn(&s, value ? value : at, value ? strlen(value) : len);
    }
    qg_code rc = qg_str_status(&s);
    *out = rc == QG_OK ? qg_arena_strndup(r->arena, s.data, s.len) : NULL;
    qg_str_fini(&s);
    return *out ? QG_OK : QG_ENOMEM;
}

double qg_reading_f64(qg_reading *r, const char *group, const char *name)
{
    char path[1024];
    double v = (double)NAN;
    snprintf(path, sizeof path, "%s/%s", group, name);
    if (!qg_store_has(r->store, path) ||
        qg_store_read(r->store, path, QG_STORE_F64, NULL, NULL, &v) != QG_OK) {
        qg_error_clear();
        return (double)NAN;
    }
    return v;
}

int64_t qg_reading_i64(qg_reading *r, const char *group, const char *name)
{
    char path[1024];
    int64_t v = -1;
    snprintf(path, sizeof path, "%s/%s", group, name);
    if (!qg_store_has(r->store, path) ||
        qg_store_read(r->store, path, QG_STORE_I64, NULL, NULL, &v) != QG_OK) {
        qg_error_clear();
        return -1;
    }
    return v;
}

const char *qg_read_cell_why(const qg_reading *r, const qg_read_cell *c)
{
    size_t n = qg_log_is_verbose() ? strlen(c->error) : qg_error_short_length(c->error);
    return qg_arena_strndup(r->arena, c->error, n);
}

const char *qg_read_cell_state(const qg_read_cell *c)
{
    static const char *const names[] = {"open", "done", "failed", "skipped"};
    return c->state >= 0 && c->state <= QG_STATE_SKIPPED ? names[c->state] : "?";
}

void qg_reading_count(const qg_reading *r, int *open, int *done, int *failed)
{
    *open = *done = *failed = 0;
    for (int i = 0; i < r->n; i++) {
        *open += r->cell[i].state == QG_STATE_OPEN;
        *done += r->cell[i].state == QG_STATE_DONE;
        *failed += r->cell[i].state == QG_STATE_FAILED;
    }
}
