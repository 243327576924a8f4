/*
 * verify.h - finding damage in a results file, without the job it came from.
 */
#ifndef QGRID_VERIFY_H
#define QGRID_VERIFY_H

#include "qgrid/arena.h"

typedef struct qg_verify_counts {
    int64_t units, done, damaged, without_checksum;
} qg_verify_counts;

/**
 * Recomputes the checksum of every finished unit whose kind has one; `bad` is called for each
 * damaged one. @errors QG_ESTORE. Local.
 */
qg_code qg_verify(qg_verify_counts *out, qg_arena *a, const char *path,
                  void (*bad)(void *ctx, const char *cell, int64_t first, int64_t count),
                  void *ctx) QG_MUST_USE;

#endif
