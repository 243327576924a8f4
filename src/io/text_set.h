/*
 * text_set.h - a set of texts, each with a number: a hash table with open addressing.
 */
#ifndef QG_IO_TEXT_SET_H
#define QG_IO_TEXT_SET_H

#include "qgrid/arena.h"

typedef struct qg_text_slot {
    const char *text; /* borrowed; NULL = free */
    size_t len;
    uint64_t hash;
    int64_t number;
} qg_text_slot;

typedef struct qg_text_set {
    qg_text_slot *slot; /* [mask + 1], at most half full */
    size_t mask;
} qg_text_set;

/** Spreads a hash over all bits: the finalizer of MurmurHash3 (Appleby). */
uint64_t qg_hash_mix(uint64_t h);

/** Room for at most n texts, in the arena. @errors QG_ENOMEM. Local. */
qg_code qg_text_set_make(qg_text_set *out, qg_arena *a, int64_t n) QG_MUST_USE;

/** The number of the equal text that is in the set, or `number` after having put this one in. */
int64_t qg_text_set_put(qg_text_set *set, const char *text, size_t len, int64_t number);

/** The number of the equal text, or -1. */
int64_t qg_text_set_find(const qg_text_set *set, const char *text, size_t len);

#endif
