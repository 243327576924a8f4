/*
 * tree.c - what is in a file: existence and sorted lists.
 *
 * The walk keeps its own list instead of recursing, and is bounded: a hostile file may nest groups
 * without end, link a group into itself, or a dataset a thousand times. Soft and external links are
 * not followed.
 */
#include "h5.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32, MAX_NODES = 4000000 };

typedef struct walk {
    const qg_store *store;
    qg_arena *arena;
    qg_h5_node *node;
    int n, cap;
    const char *parent;
    qg_code rc;
} walk;

bool qg_store_has(qg_store *s, const char *path)
{
    char part[QG_H5_PATH];
    size_t n = strlen(path);
    if (path[0] != '/' || n >= sizeof part)
        return false;
    if (n == 1)
        return true;
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (H5Lexists(s->file, part, H5P_DEFAULT) <= 0)
            return false;
    }
    return H5Oexists_by_name(s->file, path, H5P_DEFAULT) > 0;
}

static qg_code add_node(walk *w, const char *path, bool dataset)
{
    if (!path)
        return QG_ENOMEM;
    if (w->n == MAX_NODES)
        return QG_FAIL_AT(QG_ESTORE, w->store->path, 0, 0, path, "is beyond %d objects", MAX_NODES);
    if (w->n == w->cap) {
        int cap = w->cap ? 2 * w->cap : 1024;
        qg_h5_node *grown =
            qg_arena_grow(w->arena, w->node, (size_t)w->n, (size_t)cap, sizeof *grown);
        if (!grown)
            return QG_ENOMEM;
        w->node = grown;
        w->cap = cap;
    }
    w->node[w->n++] = (qg_h5_node){path, dataset};
    return QG_OK;
}

static qg_code add_object(walk *w, const char *path)
{
    H5O_info_t info;
    herr_t bad = H5Oget_info_by_name2(w->store->file, path, &info, H5O_INFO_BASIC, H5P_DEFAULT);
    QG_TRY(QG_H5(bad, w->store->path, path, "cannot open"));
    if (info.type != H5O_TYPE_GROUP && info.type != H5O_TYPE_DATASET)
        return QG_OK;
    if (info.type == H5O_TYPE_DATASET && info.rc > 1)
        return QG_FAIL_AT(QG_ESTORE, w->store->path, 0, 0, path,
                          "is linked %u times: it would be read again and again", info.rc);
    return add_node(w, path, info.type == H5O_TYPE_DATASET);
}

static herr_t add_child(hid_t group, const char *name, const H5L_info_t *info, void *ctx)
{
    walk *w = ctx;
    const char *parent = strcmp(w->parent, "/") == 0 ? "" : w->parent;
    (void)group;
    if (info->type != H5L_TYPE_HARD)
        return 0;
    const char *path = qg_arena_printf(w->arena, "%s/%s", parent, name);
    w->rc = path ? add_object(w, path) : QG_ENOMEM;
    return w->rc == QG_OK ? 0 : -1;
}

static int depth_of(const char *path)
{
    int depth = 0;
    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

static qg_code add_children(walk *w, const char *path)
{
    hsize_t at = 0;
    if (depth_of(path) > MAX_DEPTH)
        return QG_FAIL_AT(QG_ESTORE, w->store->path, 0, 0, path, "is more than %d groups deep",
                          MAX_DEPTH);
    hid_t group = H5Gopen2(w->store->file, path, H5P_DEFAULT);
    QG_TRY(QG_H5(group, w->store->path, path, "cannot open"));
    w->parent = path;
    w->rc = QG_OK;
    herr_t bad = H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, add_child, w);
    qg_code rc = w->rc != QG_OK ? w->rc : QG_H5(bad, w->store->path, path, "cannot list");
    H5Eclear2(H5E_DEFAULT);
    H5Gclose(group);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const qg_h5_node *)a)->path, ((const qg_h5_node *)b)->path);
}

qg_code qg_h5_walk(qg_h5_node **out, int *n, const qg_store *s, qg_arena *a, const char *path)
{
    walk w = {.store = s, .arena = a};
    QG_TRY(qg_h5_check_links(s, path));
    const char *root = qg_arena_strdup(a, path);
    QG_TRY(root ? add_object(&w, root) : QG_ENOMEM);
    for (int i = 0; i < w.n; i++)
        if (!w.node[i].dataset)
            QG_TRY(add_children(&w, w.node[i].path));
    if (w.n > 1)
        qsort(w.node, (size_t)w.n, sizeof *w.node, by_path);
    *out = w.node;
    *n = w.n;
    return QG_OK;
}

qg_code qg_store_list(qg_store_info **out, int *n, qg_store *s, qg_arena *a, const char *path)
{
    qg_h5_node *node;
    int nodes;
    QG_TRY(qg_h5_walk(&node, &nodes, s, a, path));
    QG_NEW(*out, a, nodes);
    *n = 0;
    for (int i = 0; i < nodes; i++)
        if (node[i].dataset)
            QG_TRY(qg_store_describe(&(*out)[(*n)++], s, node[i].path));
    return QG_OK;
}
