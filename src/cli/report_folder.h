/*
 * report_folder.h - writing the report of a results file: by its command, and at the end of a run.
 */
#ifndef QGRID_CLI_REPORT_FOLDER_H
#define QGRID_CLI_REPORT_FOLDER_H

#include "qgrid/report.h"

/** The folder of a report that nobody named: "results/study" of results/study.h5. Arena; NULL when
 *  out of memory. Local. */
char *qg_report_folder(qg_arena *a, const char *results);

/** Writes the report of a file. @errors QG_EUSAGE (no such section or text), QG_EIO, QG_ESTORE,
 *  QG_ENOMEM. Local. */
qg_code qg_report_file(qg_arena *a, const char *results, const char *dir,
                       const qg_report_wish *wish) QG_MUST_USE;

#endif
