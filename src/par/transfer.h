/*
 * transfer.h - bytes from this member to another and back, at the same time.
 */
#ifndef QGRID_PAR_TRANSFER_H
#define QGRID_PAR_TRANSFER_H

#include "qgrid/gang.h"

typedef struct qg_transfer {
    const void *send;
    size_t send_bytes;
    void *receive;
    size_t receive_bytes;
    /* Takes what came for `to` (receive + some offset, a multiple of 64). */
    void (*take)(void *to, const void *from, size_t bytes, void *ctx);
    void *ctx;
} qg_transfer;

/** @errors QG_ELOST. */
qg_code qg_transfer_run(const qg_transfer *t, const qg_gang *g, int member) QG_MUST_USE;

#endif
