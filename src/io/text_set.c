/*
 * text_set.c - a set of texts.
 *
 * Hash: FNV-1a, 64 bits (Fowler, Noll, Vo), with the finalizer of MurmurHash3 so that the low bits
 * depend on all others.
 */
#include "io/text_set.h"

#include <string.h>

uint64_t qg_hash_mix(uint64_t h)
{
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdU;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53U;
    return h ^ h >> 33;
}

static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t h = 0xcbf29ce484222325U;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3U;
    return qg_hash_mix(h);
}

qg_code qg_text_set_make(qg_text_set *out, qg_arena *a, int64_t n)
{
    size_t cap = 16;
    while (cap / 2 < (size_t)n)
        cap *= 2;
    QG_NEW(out->slot, a, cap);
    out->mask = cap - 1;
    return QG_OK;
}

/* The slot with this text, or the free one where it belongs. */
static qg_text_slot *slot_of(const qg_text_set *set, const char *text, size_t len, uint64_t hash)
{
    size_t i = (size_t)hash & set->mask;
    for (;; i = (i + 1) & set->mask) {
        qg_text_slot *s = &set->slot[i];
        if (!s->text || (s->hash == hash && s->len == len && memcmp(s->text, text, len) == 0))
            return s;
    }
}

int64_t qg_text_set_put(qg_text_set *set, const char *text, size_t len, int64_t number)
{
    uint64_t hash = hash_of(text, len);
    qg_text_slot *s = slot_of(set, text, len, hash);
    if (!s->text)
        *s = (qg_text_slot){text, len, hash, number};
    return s->number;
}

int64_t qg_text_set_find(const qg_text_set *set, const char *text, size_t len)
{
    const qg_text_slot *s = slot_of(set, text, len, hash_of(text, len));
    return s->text ? s->number : -1;
}
