/*
 * report.h - what a results file says, as tables: of the whole file, of a cell, between two files.
 */
#ifndef QGRID_REPORT_H
#define QGRID_REPORT_H

#include "qgrid/reading.h"

#include <stdio.h>

/* What a table is for. */
enum qg_report_use {
    QG_SHOW = 1,       /* read by people: the closing table, all of a cell */
    QG_DIFF = 2,       /* compared between two files */
    QG_UNFINISHED = 4, /* which cells failed or are skipped, and why */
    QG_TO_DO = 8       /* the same, and which are open */
};

/** Prints the tables of a cell, or with c NULL of the whole file, that have one of the uses and any
 *  rows. @errors QG_ESTORE. Local. */
qg_code qg_report_print(FILE *to, qg_reading *r, const qg_read_cell *c, int use) QG_MUST_USE;

/** Prints what differs between two files, cell by cell; *cells that do. @errors QG_ESTORE. Local.
 */
qg_code qg_report_differences(int *cells, FILE *to, qg_reading *a, qg_reading *b) QG_MUST_USE;

#endif
