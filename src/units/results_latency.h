/*
 * results_latency.h - latency samples and their summary.
 */
#ifndef QGRID_RESULTS_LATENCY_H
#define QGRID_RESULTS_LATENCY_H

#include "qgrid/results.h"
#include "wire.h"

qg_code qg_results_put_latency(qg_results *r, int unit, qg_reader *in, const char *host);

#endif
