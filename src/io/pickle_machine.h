/*
 * pickle_machine.h - the state between two opcodes; shared by pickle.c and pickle_ops.c only.
 */
#ifndef QGRID_IO_PICKLE_MACHINE_H
#define QGRID_IO_PICKLE_MACHINE_H

#include "io/pickle.h"

struct qg_pickle {
    qg_arena *arena;
    const char *path, *field;
    const unsigned char *data;
    size_t size, pos, at; /* of the stream, of the next byte, of the current opcode */
    const qg_pickle_hooks *hooks;
    qg_pickle_seq stack, memo;
    size_t puts;  /* into the memo */
    size_t *mark; /* heights of the stack */
    size_t marks, mark_cap;
    bool stopped;
};

typedef struct qg_pickle_op {
    const char *name;
    qg_code (*run)(qg_pickle *p, const struct qg_pickle_op *op); /* NULL: known and refused */
    int width;                                                   /* of its argument, or a count */
    qg_pickle_kind kind;                                         /* of what it makes */
} qg_pickle_op;

extern const qg_pickle_op qg_pickle_ops[256];

qg_code qg_pickle_put(qg_pickle *p, qg_pickle_value v) QG_MUST_USE;

/** The topmost n values above the last mark; borrowed until the next push. */
qg_code qg_pickle_top(qg_pickle_value **out, qg_pickle *p, size_t n) QG_MUST_USE;

/** Removes the last mark; *n values lie above it. */
qg_code qg_pickle_unmark(size_t *n, qg_pickle *p) QG_MUST_USE;

/** The next n bytes of the stream. */
qg_code qg_pickle_bytes(const unsigned char **out, qg_pickle *p, uint64_t n) QG_MUST_USE;

/** An unsigned little-endian number of `width` bytes. */
qg_code qg_pickle_number(uint64_t *out, qg_pickle *p, int width) QG_MUST_USE;

#endif
