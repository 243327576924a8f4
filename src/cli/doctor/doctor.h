/*
 * doctor.h - the examination of a machine: one finding a line, the worst ones counted.
 */
#ifndef QGRID_DOCTOR_H
#define QGRID_DOCTOR_H

#include "qgrid/plan.h"

#include <stdbool.h>

typedef enum qg_grade {
    QG_FINE,
    QG_MIND, /* works, but not as well as it might */
    QG_BAD,  /* a run would fail */
    QG_GRADES
} qg_grade;

/* The examination: what it is about, and how many findings of each grade there were. */
typedef struct qg_doctor {
    qg_arena *arena;
    const qg_plan *plan; /* of the job that is meant to run here, or NULL */
    int found[QG_GRADES];
} qg_doctor;

/** Prints a finding about `part`: "fine launcher   mpirun 4.1.4 ...". */
void qg_doctor_say(qg_doctor *d, qg_grade grade, const char *part, const char *fmt, ...)
    QG_PRINTF(4, 5);

/** First line of what a shell command prints within 5 seconds; false when there is none. Local. */
bool qg_doctor_ask(char *out, size_t size, const char *command);

/* The parts of the examination. All Local. */
void qg_doctor_program(qg_doctor *d);  /* build, libraries, kernels */
void qg_doctor_launcher(qg_doctor *d); /* mpirun, srun, what they would start */
void qg_doctor_machine(qg_doctor *d);  /* processors, memory, limits */
void qg_doctor_folders(qg_doctor *d);  /* cache, results, temporary files, shared memory */

#endif
