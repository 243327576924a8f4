/*
 * torch_file.c - the two containers of torch.save.
 *
 * Since 1.6 a zip archive of plainly stored entries below one folder of any name:
 *
 *   NAME/data.pkl   NAME/data/KEY (raw elements of one storage)   NAME/version   [NAME/byteorder]
 *
 * Before that ("legacy") one stream:
 *
 *   pickles: magic number, 1001, system facts, the object, list of storage keys
 *   then for each key: i64 number of elements, raw elements
 *
 * Source: torch/serialization.py of PyTorch 1.13.
 */
#include "io/torch_objects.h"

#include <stdlib.h>
#include <string.h>

enum { LEGACY_PROTOCOL = 1001, MAX_KEY = 200 };

#define FAIL(t, code, field, ...) QG_FAIL_AT((code), (t)->path, 0, 0, (field), __VA_ARGS__)

qg_code qg_torch_find_storage(qg_torch *t, const char *name, qg_torch_storage *s)
{
    char entry[512];
    size_t want;
    if (s->data)
        return QG_OK;
    if (!t->zip.path)
        return FAIL(t, QG_EFORMAT, name, "its storage '%.*s' is not in the file",
                    (int)(s->key_len < MAX_KEY ? s->key_len : MAX_KEY), s->key);
    snprintf(entry, sizeof entry, "%.256s/data/%.*s", t->root,
             (int)(s->key_len < MAX_KEY ? s->key_len : MAX_KEY), s->key);
    qg_zip_entry *e = qg_zip_find(&t->zip, entry);
    if (!e)
        return FAIL(t, QG_EFORMAT, name, "its storage '%s' is not in the archive", entry);
    if (__builtin_mul_overflow((size_t)s->count, qg_dtype_size(s->dtype), &want) || want != e->size)
        return FAIL(t, QG_EFORMAT, name,
                    "its storage '%s' has %zu bytes, %lld elements of %s are "
                    "expected",
                    entry, e->size, (long long)s->count, qg_dtype_name(s->dtype));
    QG_TRY(qg_zip_check(&t->zip, e));
    s->data = e->data;
    return QG_OK;
}

/* The entry FOLDER/data.pkl; its folder becomes t->root. */
static qg_code find_pickle(qg_zip_entry **out, qg_torch *t)
{
    *out = NULL;
    for (int i = 0; i < t->zip.n; i++) {
        qg_zip_entry *e = &t->zip.entries[i];
        const char *slash = strchr(e->name, '/');
        if (!slash || strcmp(slash, "/data.pkl") != 0)
            continue;
        if (*out)
            return FAIL(t, QG_EFORMAT, e->name, "a second data.pkl beside %s", (*out)->name);
        *out = e;
        if (!(t->root = qg_arena_strndup(t->w->arena, e->name, (size_t)(slash - e->name))))
            return QG_ENOMEM;
    }
    if (!*out)
        return FAIL(t, QG_EFORMAT, NULL,
                    "a zip archive without data.pkl is not a torch checkpoint");
    return QG_OK;
}

static qg_code check_byte_order(const qg_torch *t)
{
    char name[512];
    snprintf(name, sizeof name, "%.256s/byteorder", t->root);
    const qg_zip_entry *e = qg_zip_find(&t->zip, name);
    if (e && (e->size < 6 || memcmp(e->data, "little", 6) != 0))
        return FAIL(t, QG_EUNSUPPORTED, name, "only little-endian checkpoints are read");
    return QG_OK;
}

qg_code qg_torch_zip(qg_torch *t, const void *data, size_t size)
{
    qg_zip_entry *e;
    qg_pickle_value root;
    qg_pickle_hooks hooks = qg_torch_hooks(t);
    QG_TRY(qg_zip_open(&t->zip, t->w->arena, t->path, data, size));
    QG_TRY(find_pickle(&e, t));
    QG_TRY(check_byte_order(t));
    QG_TRY(qg_zip_check(&t->zip, e));
    QG_TRY(qg_pickle_load(&root, NULL, t->w->arena, t->path, e->name, e->data, e->size, &hooks));
    return qg_torch_add_tensors(t, &root);
}

static int compare_keys(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

static int by_key(const void *a, const void *b)
{
    const qg_torch_storage *x = *(qg_torch_storage *const *)a, *y = *(qg_torch_storage *const *)b;
    return compare_keys(x->key, x->key_len, y->key, y->key_len);
}

/* The sorted storages from the first one with this key on; t->n if there is none. */
static size_t first_with_key(const qg_torch *t, const qg_pickle_value *key)
{
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare_keys(t->storage[mid]->key, t->storage[mid]->key_len, key->text, key->len) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* One storage at *pos: all that were unpickled with its key get their data. */
static qg_code read_storage(qg_torch *t, const qg_pickle_value *key, const unsigned char *p,
                            size_t size, size_t *pos)
{
    int64_t count;
    size_t bytes, i = first_with_key(t, key);
    int len = (int)(key->len < MAX_KEY ? key->len : MAX_KEY);
    if (i == t->n || compare_keys(t->storage[i]->key, t->storage[i]->key_len, key->text, key->len))
        return FAIL(t, QG_EFORMAT, NULL, "storage '%.*s' belongs to no tensor", len, key->text);
    const qg_torch_storage *s = t->storage[i];
    if (s->data)
        return FAIL(t, QG_EFORMAT, NULL, "storage '%.*s' occurs twice", len, key->text);
    if (size - *pos < sizeof count)
        return FAIL(t, QG_EFORMAT, NULL, "the file ends before storage '%.*s': is it truncated?",
                    len, key->text);
    memcpy(&count, p + *pos, sizeof count);
    *pos += sizeof count;
    if (count != s->count)
        return FAIL(t, QG_EFORMAT, NULL, "storage '%.*s' has %lld elements, %lld are expected", len,
                    key->text, (long long)count, (long long)s->count);
    if (__builtin_mul_overflow((size_t)count, qg_dtype_size(s->dtype), &bytes) ||
        bytes > size - *pos)
        return FAIL(t, QG_EFORMAT, NULL,
                    "storage '%.*s' of %lld %s does not fit the file: is it truncated?", len,
                    key->text, (long long)count, qg_dtype_name(s->dtype));
    for (; i < t->n && by_key(&t->storage[i], &s) == 0; i++) {
        if (t->storage[i]->dtype != s->dtype || t->storage[i]->count != s->count)
            return FAIL(t, QG_EFORMAT, NULL, "storage '%.*s' is used in two ways", len, key->text);
        t->storage[i]->data = p + *pos;
    }
    *pos += bytes;
    return QG_OK;
}

static qg_code read_storages(qg_torch *t, const qg_pickle_value *keys, const unsigned char *p,
                             size_t size, size_t pos)
{
    if (keys->kind != QG_PICKLE_LIST)
        return FAIL(t, QG_EFORMAT, NULL, "%s in the place of the list of storages",
                    qg_pickle_kind_name(keys->kind));
    if (t->n > 0)
        qsort(t->storage, t->n, sizeof(t->storage[0]), by_key);
    for (size_t i = 0; i < keys->seq->n; i++) {
        if (keys->seq->item[i].kind != QG_PICKLE_STRING)
            return FAIL(t, QG_EFORMAT, NULL, "a storage's key is %s",
                        qg_pickle_kind_name(keys->seq->item[i].kind));
        QG_TRY(read_storage(t, &keys->seq->item[i], p, size, &pos));
    }
    if (pos != size)
        return FAIL(t, QG_EFORMAT, NULL, "%zu bytes follow the last storage", size - pos);
    return QG_OK;
}

static qg_code check_preamble(const qg_torch *t, const qg_pickle_value v[3])
{
    static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    if (v[0].kind != QG_PICKLE_BIG || v[0].len != sizeof magic - 1 ||
        memcmp(v[0].text, magic, v[0].len) != 0)
        return FAIL(t, QG_EFORMAT, NULL,
                    "a pickle of %s, without torch's magic number, is not a "
                    "checkpoint",
                    qg_pickle_kind_name(v[0].kind));
    if (v[1].kind != QG_PICKLE_INT || v[1].integer != LEGACY_PROTOCOL)
        return FAIL(t, QG_EUNSUPPORTED, NULL, "the protocol of this torch file is not %d",
                    LEGACY_PROTOCOL);
    if (v[2].kind != QG_PICKLE_DICT)
        return FAIL(t, QG_EFORMAT, NULL, "the system facts of this torch file are missing");
    for (size_t i = 0; i < v[2].seq->n; i += 2)
        if (qg_pickle_is_text(&v[2].seq->item[i], "little_endian") &&
            !(v[2].seq->item[i + 1].kind == QG_PICKLE_BOOL && v[2].seq->item[i + 1].integer))
            return FAIL(t, QG_EUNSUPPORTED, NULL, "only little-endian checkpoints are read");
    return QG_OK;
}

qg_code qg_torch_legacy(qg_torch *t, const void *data, size_t size)
{
    const unsigned char *p = data;
    qg_pickle_hooks hooks = qg_torch_hooks(t);
    qg_pickle_value v[5];
    size_t pos = 0, used;
    for (int i = 0; i < 5; i++) {
        QG_TRY(qg_pickle_load(&v[i], &used, t->w->arena, t->path, NULL, p + pos, size - pos,
                              i == 3 ? &hooks : NULL));
        pos += used;
        if (i == 2)
            QG_TRY(check_preamble(t, v));
    }
    QG_TRY(read_storages(t, &v[4], p, size, pos));
    return qg_torch_add_tensors(t, &v[3]);
}

qg_code qg_torch_parse(qg_weights *w, const char *path, const void *data, size_t size)
{
    qg_torch t = {.w = w, .path = path, .size = size};
    const unsigned char *p = data;
    if (size >= 4 && memcmp(p, "PK\3\4", 4) == 0)
        return qg_torch_zip(&t, data, size);
    if (size >= 2 && p[0] == 0x80)
        return qg_torch_legacy(&t, data, size);
    return FAIL(&t, QG_EFORMAT, NULL,
                "%zu bytes, of which the first is 0x%02x, are neither a zip archive nor a pickle: "
                "not a torch checkpoint",
                size, size ? p[0] : 0u);
}
