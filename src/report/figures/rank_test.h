/*
 * rank_test.h - which of several variants differ when each is ranked on the same texts.
 */
#ifndef QGRID_REPORT_FIGURES_RANK_TEST_H
#define QGRID_REPORT_FIGURES_RANK_TEST_H

#include "qgrid/arena.h"

/* n texts, k variants. */
typedef struct qg_rank_test {
    int64_t n;
    int k;
    double *mean;      /* [k] mean rank, 1: the smallest number; equal ones share their mean rank */
    double chi2, p;    /* Friedman's test with correction for ties; p NaN: all ranks are equal */
    double difference; /* Nemenyi: mean ranks that are further apart differ at 5 % */
} qg_rank_test;

/**
 * Tests numbers x [n, k], small is good; rows with a NaN are left out. *out has n = 0 where fewer
 * than two rows or variants are left. Arena. @errors QG_ENOMEM. Local.
 * @paper Friedman, JASA 32, 1937; Nemenyi, 1963; as in Demsar, JMLR 7, 2006.
 */
qg_code qg_rank_test_of(qg_rank_test *out, const double *x, int64_t n, int k,
                        qg_arena *arena) QG_MUST_USE;

/** The studentized range of k normal numbers that is exceeded with a chance of 5 %: the q of
 *  Nemenyi's test is this divided by the square root of 2. Within 1e-8. */
double qg_studentized_range(int k);

/** The chance that chi square with `df` degrees of freedom exceeds x. */
double qg_chi2_tail(double x, int df);

#endif
