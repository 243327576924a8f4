/*
 * string_table.c - a growing hash table (FNV-1a, linear probing).
 */
#include "string_table.h"

#include <string.h>

enum { MOST = 1 << 30 };

static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static size_t place(const qg_string_table *t, const char *text, size_t len, uint64_t hash)
{
    size_t at = (size_t)hash & (t->slots - 1);
    for (; t->slot[at]; at = (at + 1) & (t->slots - 1)) {
        uint32_t i = t->slot[at] - 1;
        if (t->hash[i] == hash && strncmp(t->text[i], text, len) == 0 && t->text[i][len] == 0)
            break;
    }
    return at;
}

static qg_code grow(qg_string_table *t)
{
    int cap = t->cap ? 2 * t->cap : 256;
    size_t n = (size_t)t->n;
    if (t->n >= MOST)
        return QG_FAIL(QG_ENOMEM, "more than %d different strings", MOST);
    const char **text = qg_arena_grow(t->arena, t->text, n, (size_t)cap, sizeof *text);
    uint64_t *hash = qg_arena_grow(t->arena, t->hash, n, (size_t)cap, sizeof *hash);
    uint32_t *slot = qg_arena_alloc(t->arena, 2 * (size_t)cap, sizeof *slot);
    if (!text || !hash || !slot)
        return QG_ENOMEM;
    t->text = text;
    t->hash = hash;
    t->slot = slot;
    t->slots = 2 * (size_t)cap;
    t->cap = cap;
    for (uint32_t i = 0; i < (uint32_t)t->n; i++) {
        size_t at = (size_t)hash[i] & (t->slots - 1);
        while (slot[at])
            at = (at + 1) & (t->slots - 1);
        slot[at] = i + 1;
    }
    return QG_OK;
}

qg_code qg_string_table_put(int *out, qg_string_table *t, const char *text, size_t len)
{
    uint64_t hash = hash_of(text, len);
    if (t->n == t->cap)
        QG_TRY(grow(t));
    size_t at = place(t, text, len, hash);
    if (!t->slot[at]) {
        if (!(t->text[t->n] = qg_arena_strndup(t->arena, text, len)))
            return QG_ENOMEM;
        t->hash[t->n++] = hash;
        t->slot[at] = (uint32_t)t->n;
    }
    *out = (int)t->slot[at] - 1;
    return QG_OK;
}

int qg_string_table_find(const qg_string_table *t, const char *text, size_t len)
{
    return t->n ? (int)t->slot[place(t, text, len, hash_of(text, len))] - 1 : -1;
}
