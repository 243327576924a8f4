/*
 * messages.h - what coordinator and workers say to each other.
 *
 *   worker -> 0   HELLO                 once
 *                 BEAT                  sign of life, idle or between forward passes
 *                 DONE head result      FAILED head error
 *                 NEWS unit news        how far it is, a second apart at least
 *                 GONE                  it leaves unasked: its launcher is gone
 *                 STOP count            signals that this rank got, each time there is one more
 *   0 -> worker   ASSIGN assignment     PING (rank 0 is alive)
 *                 DROP number           give up that gang's unit; 0: whatever is in hand
 *                 WIND                  the run is to end: a training saves itself and gives up
 *                 LEAVE lost            go home; which ranks are lost, a byte each
 *
 * Every unit is computed by a gang, most of them by a gang of one. The first member's DONE carries
 * the result, the others' are empty.
 */
#ifndef QGRID_FARM_MESSAGES_H
#define QGRID_FARM_MESSAGES_H

#include "qgrid/farm.h"

enum {
    QG_HELLO = 1,
    QG_BEAT,
    QG_DONE,
    QG_FAILED,
    QG_ASSIGN,
    QG_PING,
    QG_DROP,
    QG_WIND,
    QG_LEAVE,
    QG_NEWS,
    QG_GONE,
    QG_STOP
};

/* An assignment: this head, the members' ranks (int32, padded to 8 bytes), what the unit needs. */
typedef struct qg_assign_head {
    int64_t unit;
    uint32_t number;     /* of the gang */
    int32_t size, index; /* its members; the receiver's place */
    int32_t reserved;
} qg_assign_head;

/** Bytes of the ranks of a gang. */
size_t qg_farm_ranks_size(int size);

typedef struct qg_report_head {
    int64_t unit, peak_rss;
    double seconds, cpu_seconds;
    char host[64];
} qg_report_head;

typedef struct qg_news_message {
    int64_t unit;
    qg_gang_news news;
} qg_news_message;

/** Defaults where options are 0. */
qg_farm_options qg_farm_defaults(const qg_farm_options *o);

/** Runs execute and measures it; *error is set when the result is not QG_OK. */
qg_code qg_farm_execute(qg_report_head *head, qg_str *result, const qg_par *p,
                        const qg_farm_worker *w, int64_t unit, const void *input, size_t size,
                        const qg_gang *gang);

/** Longer and longer naps while there is nothing to do: 50 us up to 2 ms. */
void qg_farm_nap(double *seconds);

#endif
