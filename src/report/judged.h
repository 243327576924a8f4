/*
 * judged.h - variants that the job wants judged, with their numbers: means over seeds.
 */
#ifndef QGRID_REPORT_JUDGED_H
#define QGRID_REPORT_JUDGED_H

#include "table.h"

#include "qgrid/recommendation.h"

/* A variant: an experiment, over its seeds, under a precision. */
typedef struct qg_judged {
    const char *name, *reference; /* "qat_int8_smsa/int8", "finetuned_smsa/fp32" */
    bool is_reference;            /* the others of its group are compared with it */
    int seeds;                    /* cells that its numbers are means over */
    double accuracy, macro_f1;    /* NaN: not known */
    double least_rho;             /* of the methods' means */
    int below;                    /* methods whose mean is below what rho is judged by */
    qg_candidate x;               /* NaN: not known, `why` says of which cell */
    const char *why[QG_CRITERIA]; /* NULL: it is known */
} qg_judged;

/* Variants with one reference. */
typedef struct qg_judged_group {
    const char *reference;
    int first, n;           /* of qg_judged_set.v; the reference itself may be among them */
    qg_candidate threshold; /* rho: what it is judged by in this group */
    bool by_seeds;          /* ... is what two training seeds have in common */
    const char *useless;    /* why none may be deployed; NULL: some may */
} qg_judged_group;

typedef struct qg_judged_set {
    qg_judged *v; /* [n] group by group, in the order of the job */
    qg_judged_group *group;
    int n, n_groups;
    int64_t k, batch_size;
} qg_judged_set;

/** Reads /recommendation and all numbers that it asks for; n_groups is 0 where the file has none.
 *  Arena of the reading. @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_judged_read(qg_judged_set *out, qg_reading *r) QG_MUST_USE;

#endif
