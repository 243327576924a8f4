/*
 * weights.c - a checkpoint: finds its files, maps them, and knows its tensors by name.
 */
#include "io/weights_internal.h"

#include <stdlib.h>
#include <string.h>

/* In order of preference. */
static const char *const checkpoint_names[] = {"model.safetensors", "model.safetensors.index.json",
                                               "pytorch_model.bin", "pytorch_model.bin.index.json",
                                               NULL};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

qg_code qg_weights_add(qg_weights *w, const qg_tensor *t)
{
    if (w->n == QG_WEIGHTS_MAX_TENSORS)
        return QG_FAIL(QG_EFORMAT, "has more than %d tensors", QG_WEIGHTS_MAX_TENSORS);
    if (w->n == w->cap) {
        size_t old = (size_t)w->cap, cap = old ? 2 * old : 256;
        qg_tensor *tensors = qg_arena_grow(w->arena, w->tensors, old, cap, sizeof *tensors);
        int *file = qg_arena_grow(w->arena, w->file, old, cap, sizeof *file);
        if (!tensors || !file)
            return QG_ENOMEM;
        w->tensors = tensors;
        w->file = file;
        w->cap = (int)cap;
    }
    w->file[w->n] = w->file_count - 1;
    w->tensors[w->n++] = *t;
    return QG_OK;
}

static int by_name(const void *a, const void *b)
{
    const qg_tensor *x = *(const qg_tensor *const *)a, *y = *(const qg_tensor *const *)b;
    return strcmp(x->name, y->name);
}

qg_code qg_weights_seal(qg_weights *w)
{
    QG_NEW(w->by_name, w->arena, w->n);
    for (int i = 0; i < w->n; i++)
        w->by_name[i] = &w->tensors[i];
    qsort(w->by_name, (size_t)w->n, sizeof *w->by_name, by_name);
    for (int i = 1; i < w->n; i++) {
        const qg_tensor *a = w->by_name[i - 1], *b = w->by_name[i];
        if (strcmp(a->name, b->name) == 0)
            return QG_FAIL_AT(QG_EFORMAT, w->files[w->file[a - w->tensors]], 0, 0, a->name,
                              "this tensor occurs twice, the other one is in %s",
                              w->files[w->file[b - w->tensors]]);
    }
    return QG_OK;
}

qg_code qg_json_bound(const char *path, const char *text, size_t size)
{
    size_t values = 1;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted)
            values += text[i] == ',' || text[i] == '[' || text[i] == '{';
    }
    if (values > QG_WEIGHTS_MAX_VALUES)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "%zu JSON values, at most %d are read",
                          values, QG_WEIGHTS_MAX_VALUES);
    return QG_OK;
}

static qg_code refuse_lfs_pointer(const char *path, const qg_map *m)
{
    static const char begin[] = "version https://git-lfs.github.com/";
    if (m->size < sizeof begin - 1 || memcmp(m->data, begin, sizeof begin - 1) != 0)
        return QG_OK;
    return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL,
                      "is a git-lfs pointer of %zu bytes, not the weights: type 'git lfs pull' in "
                      "its folder",
                      m->size);
}

qg_code qg_weights_add_file(qg_weights *w, const char *path)
{
    if (w->file_count == QG_WEIGHTS_MAX_SHARDS)
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "is one file too many, at most %d are read",
                          QG_WEIGHTS_MAX_SHARDS);
    if (!(path = qg_arena_strdup(w->arena, path)))
        return QG_ENOMEM;
    qg_map *m = &w->map[w->file_count];
    QG_TRY(qg_file_map(m, path));
    w->files[w->file_count++] = path;
    QG_TRY(refuse_lfs_pointer(path, m));
    qg_code rc = ends_with(path, ".safetensors") ? qg_safetensors_parse(w, path, m->data, m->size)
                                                 : qg_torch_parse(w, path, m->data, m->size);
    if (rc != QG_OK)
        (void)qg_error_place(path, 0, 0, NULL);
    return rc;
}

static qg_code add_path(qg_weights *w, const char *path)
{
    return ends_with(path, ".index.json") ? qg_weights_add_index(w, path)
                                          : qg_weights_add_file(w, path);
}

static qg_code add_folder(qg_weights *w, const char *dir)
{
    char known[256];
    for (int i = 0; checkpoint_names[i]; i++) {
        const char *path = qg_path_join(w->arena, dir, checkpoint_names[i]);
        if (!path)
            return QG_ENOMEM;
        if (qg_file_exists(path))
            return add_path(w, path);
    }
    size_t len = 0;
    for (int i = 0; checkpoint_names[i] && len < sizeof known; i++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "",
                                checkpoint_names[i]);
    return QG_FAIL_AT(QG_EIO, dir, 0, 0, NULL, "no checkpoint in this folder: looked for %s",
                      known);
}

static qg_code open_into(qg_weights *w, const char *path)
{
    QG_TRY(qg_dir_exists(path) ? add_folder(w, path) : add_path(w, path));
    return qg_weights_seal(w);
}

qg_code qg_weights_open_in(qg_weights **out, qg_arena *a, const char *path)
{
    qg_weights *w;
    QG_NEW(w, a, 1);
    w->arena = a;
    qg_code rc = open_into(w, path);
    if (rc != QG_OK) {
        qg_weights_unmap(w);
        return rc;
    }
    *out = w;
    return QG_OK;
}

void qg_weights_unmap(qg_weights *w)
{
    for (int i = 0; i < w->file_count; i++)
        qg_file_unmap(&w->map[i]);
    w->file_count = 0;
}

qg_code qg_weights_open(qg_weights **out, const char *path)
{
    *out = NULL;
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL_AT(QG_ENOMEM, path, 0, 0, NULL, "no memory for a checkpoint's names");
    qg_code rc = qg_weights_open_in(out, a, path);
    if (rc != QG_OK)
        qg_arena_destroy(a);
    return rc;
}

void qg_weights_close(qg_weights *w)
{
    if (!w)
        return;
    qg_weights_unmap(w);
    qg_arena_destroy(w->arena);
}

int qg_weights_count(const qg_weights *w)
{
    return w->n;
}

const qg_tensor *qg_weights_at(const qg_weights *w, int i)
{
    return &w->tensors[i];
}

const qg_tensor *qg_weights_find(const qg_weights *w, const char *name)
{
    qg_tensor key = {.name = name};
    const qg_tensor *k = &key;
    const qg_tensor *const *hit =
        bsearch(&k, w->by_name, (size_t)w->n, sizeof *w->by_name, by_name);
    return hit ? *hit : NULL;
}

const char *const *qg_weights_files(const qg_weights *w)
{
    return w->files;
}

qg_code qg_weights_check_unchanged(const qg_weights *w)
{
    qg_file_id now;
    for (int i = 0; i < w->file_count; i++)
        if (!qg_file_id_of(&now, w->files[i]) || !qg_file_id_same(&now, &w->map[i].id))
            return QG_FAIL_AT(QG_ESOURCE, w->files[i], 0, 0, NULL,
                              "changed while it was read; let what writes it end, and run again");
    return QG_OK;
}
