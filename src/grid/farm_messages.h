/*
 * farm_messages.h - what coordinator and workers say to each other.
 *
 *   worker -> 0   HELLO pid          once
 *                 BEAT               sign of life, idle or between forward passes
 *                 DONE head result   FAILED head error
 *   0 -> worker   ASSIGN unit input  PING (rank 0 is alive)  DROP (give up)  LEAVE lost (go home)
 */
#ifndef QGRID_FARM_MESSAGES_H
#define QGRID_FARM_MESSAGES_H

#include "qgrid/farm.h"

enum { QG_HELLO = 1, QG_BEAT, QG_DONE, QG_FAILED, QG_ASSIGN, QG_PING, QG_DROP, QG_LEAVE };

typedef struct qg_report_head {
    int64_t unit, peak_rss;
    double seconds, cpu_seconds;
    char host[64];
} qg_report_head;

/** Defaults where options are 0. */
qg_farm_options qg_farm_defaults(const qg_farm_options *o);

/** Runs execute and measures it; *error is set when the result is not QG_OK. */
qg_code qg_farm_execute(qg_report_head *head, qg_str *result, const qg_par *p,
                        const qg_farm_worker *w, int64_t unit, const void *input, size_t size,
                        const qg_gang *gang);

/** Longer and longer naps while there is nothing to do: 50 us up to 2 ms. */
void qg_farm_nap(double *seconds);

#endif
