/*
 * study.h - a small study, computed in this process: its plan, its results file, and what its ranks
 * would say to each other. What a target changes in it is always of this version of the program.
 */
#ifndef QGRID_FUZZ_STUDY_H
#define QGRID_FUZZ_STUDY_H

#include "fuzz.h"

#include "qgrid/layout.h"
#include "qgrid/plan.h"
#include "qgrid/str.h"
#include "qgrid/work.h"

typedef struct fuzz_study {
    qg_arena *arena;
    qg_job job;
    qg_plan plan;
    qg_layout layout;
    const char *file; /* its results, complete */
    const uint8_t *bytes;
    size_t size;    /* of the file */
    qg_str *input;  /* [units] assignments */
    qg_str *result; /* [units] what came back */
} fuzz_study;

/** Made by the first call, and kept. */
const fuzz_study *fuzz_study_get(void);

/**
 * A changed copy (malloc) of bytes. The changes are a count n (1 byte), an offset (3 bytes, little
 * endian, modulo the size) and n bytes to be put there; n = 0 cuts the copy off there.
 */
uint8_t *fuzz_changed(size_t *size, const void *bytes, const uint8_t *change, size_t n);

#endif
