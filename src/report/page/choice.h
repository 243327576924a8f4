/*
 * choice.h - which texts a report shows word by word.
 */
#ifndef QGRID_REPORT_CHOICE_H
#define QGRID_REPORT_CHOICE_H

#include "qgrid/report.h"

#include <stdbool.h>

/* An experiment that explains texts. */
typedef struct qg_explaining {
    const qg_read_cell *like; /* its first explain cell: the experiment, the model, the data set */
    int64_t *row, slots;
    double *rho; /* [slots] mean over variants and methods; NaN where there is none */
    int *flips;  /* [slots] variants that predict another class than the reference */
} qg_explaining;

/* A text of an experiment, and why it is shown. */
typedef struct qg_chosen {
    const qg_explaining *of;
    int64_t slot;
    const char *why;
} qg_chosen;

/**
 * Texts by rules that nobody chose for their looks: of each experiment that of the largest drift,
 * one whose class flips, and the one in the middle; or those that are asked for. *n of them, by
 * experiment; *left are left out because there are more than `wish` has room for. Arena of the
 * reading. @errors QG_EUSAGE (a text that is not explained), QG_ESTORE, QG_ENOMEM. Local.
 */
qg_code qg_choose_texts(qg_chosen **out, int *n, int *left, qg_reading *r,
                        const qg_report_wish *wish) QG_MUST_USE;

#endif
