/*
 * wire.h - plain bytes for assignments and results. Both ends are this program on one kind of
 * machine; sizes are checked all the same.
 */
#ifndef QGRID_WIRE_H
#define QGRID_WIRE_H

#include "qgrid/model.h"
#include "qgrid/str.h"

/* Reader over received bytes; `bad` is set by the first read beyond the end and stays. */
typedef struct qg_reader {
    const char *data;
    size_t size, at;
    bool bad;
} qg_reader;

void qg_wire_put(qg_str *out, const void *data, size_t size);
void qg_wire_put_i64(qg_str *out, int64_t v);
void qg_wire_put_text(qg_str *out, const char *text);

/** Copies `size` bytes (zeros when bad). */
void qg_wire_get(qg_reader *r, void *data, size_t size);
int64_t qg_wire_get_i64(qg_reader *r);
/** Text in the arena ("" when bad); NULL when out of memory. */
char *qg_wire_get_text(qg_reader *r, qg_arena *a);
/** Array of n elements of `size` bytes in the arena; NULL (error set) when bad or out of memory. */
void *qg_wire_get_array(qg_reader *r, qg_arena *a, int64_t n, size_t size);

/** Whether a received bool is one: another byte there must not even be looked at as a bool. */
bool qg_wire_is_bool(const bool *b);

/** A model's source: what its numbers depend on, and where it lies. */
void qg_wire_put_source(qg_str *out, const qg_model_source *s);
qg_code qg_wire_get_source(qg_model_source *s, qg_reader *r, qg_arena *a) QG_MUST_USE;

/** QG_EBUG unless all was read and nothing is left. */
qg_code qg_wire_end(const qg_reader *r) QG_MUST_USE;

#endif
