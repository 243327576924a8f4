/*
 * hints.h - where the files of a job come from that are not there.
 */
#ifndef QGRID_CLI_HINTS_H
#define QGRID_CLI_HINTS_H

#include "qgrid/job.h"

/** Says for each missing model folder and data file that many have where it is to be had. */
void qg_hints_print(const qg_job *job);

#endif
