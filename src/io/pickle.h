/*
 * pickle.h - reads Python pickles as data: a small stack machine that can call nothing.
 *
 * The few globals and objects that a file may name are given meaning by hooks; everything else is
 * refused by its name. Time and memory are bounded by the bytes read and by QG_PICKLE_MAX_OPS.
 */
#ifndef QGRID_IO_PICKLE_H
#define QGRID_IO_PICKLE_H

#include "qgrid/arena.h"

#include <stdbool.h>

enum { QG_PICKLE_MAX_OPS = 1 << 21 };

typedef enum qg_pickle_kind {
    QG_PICKLE_NONE,
    QG_PICKLE_BOOL,
    QG_PICKLE_INT,
    QG_PICKLE_BIG, /* an integer of more than 64 bits: its bytes, two's complement, little endian */
    QG_PICKLE_FLOAT,
    QG_PICKLE_STRING, /* UTF-8, not terminated */
    QG_PICKLE_BYTES,
    QG_PICKLE_TUPLE,
    QG_PICKLE_LIST,
    QG_PICKLE_DICT,
    QG_PICKLE_GLOBAL, /* len: its id, as the hooks say */
    QG_PICKLE_OBJECT  /* len: its class, as the hooks say */
} qg_pickle_kind;

struct qg_pickle_value;

/* Shared by all values that refer to it. In a dict keys and values alternate. */
typedef struct qg_pickle_seq {
    struct qg_pickle_value *item;
    size_t n, cap;
    bool seen; /* for walks over the finished value: it may contain itself */
} qg_pickle_seq;

typedef struct qg_pickle_value {
    qg_pickle_kind kind;
    uint32_t len; /* bytes of STRING, BYTES, BIG; class of GLOBAL, OBJECT */
    union {
        int64_t integer; /* INT, BOOL */
        double real;
        const char *text; /* borrowed from the stream */
        qg_pickle_seq *seq;
        void *object;
    };
} qg_pickle_value;

typedef struct qg_pickle qg_pickle;

typedef struct qg_pickle_hooks {
    void *ctx;
    /* Id of module.name, or a negative number: not allowed. */
    int (*global)(const char *module, const char *name);
    /* The value of global(id) called with `args`. */
    qg_code (*reduce)(qg_pickle_value *out, qg_pickle *p, uint32_t id, const qg_pickle_seq *args);
    /* Whether objects of this class have a state that is passed over. */
    bool (*stateful)(uint32_t class);
    /* The object behind a persistent id. */
    qg_code (*persistent)(qg_pickle_value *out, qg_pickle *p, const qg_pickle_value *id);
} qg_pickle_hooks;

/**
 * Reads one pickle from the front of `data`; `used` (may be NULL) becomes its length.
 *
 * @param path, field  for messages: the file, and the entry in it (or NULL)
 * @param hooks        NULL: globals and persistent ids are refused
 * @errors QG_EFORMAT, QG_EUNSUPPORTED with the byte, QG_ENOMEM. Local.
 */
qg_code qg_pickle_load(qg_pickle_value *out, size_t *used, qg_arena *a, const char *path,
                       const char *field, const void *data, size_t size,
                       const qg_pickle_hooks *hooks) QG_MUST_USE;

/* For hooks. */
qg_arena *qg_pickle_arena(const qg_pickle *p);
void *qg_pickle_ctx(const qg_pickle *p);
qg_code qg_pickle_fail(const qg_pickle *p, qg_code code, const char *src, const char *fmt, ...)
    QG_PRINTF(4, 5);
#define QG_PICKLE_FAIL(p, code, ...)                                                               \
    ((void)qg_pickle_fail((p), (code), QG_SRC, __VA_ARGS__), (code))

/** A new empty tuple, list or dict. */
qg_code qg_pickle_new_seq(qg_pickle_value *out, qg_pickle *p, qg_pickle_kind kind) QG_MUST_USE;
qg_code qg_pickle_push(qg_pickle *p, qg_pickle_seq *seq, const qg_pickle_value *items,
                       size_t n) QG_MUST_USE;

/** "a tuple", "an integer", ... */
const char *qg_pickle_kind_name(qg_pickle_kind kind);

bool qg_pickle_is_text(const qg_pickle_value *v, const char *text);

#endif
