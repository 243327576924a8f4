/*
 * bench.h - how fast: the machine's peaks, every kernel, whole models; and the memory they need.
 *
 * Everything is measured by one thread of this process or of a child, with the peaks of the same
 * run beside it. Figures that do not apply to a row are 0 or "".
 */
#ifndef QGRID_BENCH_H
#define QGRID_BENCH_H

#include "qgrid/model.h"
#include "qgrid/str.h"

/* What a row is about: the machine, a kernel, a model. */
typedef enum qg_bench_kind { QG_BENCH_PEAK, QG_BENCH_KERNEL, QG_BENCH_MODEL } qg_bench_kind;

typedef struct qg_bench_row {
    qg_bench_kind kind;
    char name[64];      /* fma_f32; gemm_s8; indobert or the folder */
    char isa[16];       /* of the instructions measured; a model: of its products */
    char precision[64]; /* a kernel: of its weights */
    char peak[40];      /* what peak_share refers to: "vnni_s8 avx512vnni" */
    bool absent;        /* a peak of instructions that this processor lacks */
    int m, n, k;        /* y[m, n] = x[m, k] W[n, k]^T; rows [m, k]; attention [m, n] of size k */
    int batch, tokens;  /* texts, and tokens of each */
    int runs;           /* timed calls */
    double ms, ms_min;  /* median and least of one call */
    double gflops;      /* 2 for each true multiply-add, 1e9 a second */
    double gb_per_s;    /* operands read and written once, 1e9 bytes a second */
    double peak_share;  /* of `peak`: gflops of gflops, or gb_per_s of gb_per_s */
    double tokens_per_s, texts_per_s;
    int64_t size_bytes; /* packed weights file */
    int64_t rss_bytes;  /* highest resident memory of the process that ran this row alone */
    int64_t pss_bytes;  /* its pages at the end, shared ones counted in part */
    int64_t anon_bytes; /* its own memory at the end, without the mapped weights */
} qg_bench_row;

/* Where rows go as soon as they are measured. */
typedef struct qg_bench_sink {
    qg_code (*put)(void *ctx, const qg_bench_row *row);
    void *ctx;
} qg_bench_sink;

/* All peaks of the machine, to measure others against. */
enum { QG_BENCH_PEAKS_MAX = 24 };
typedef struct qg_bench_peaks {
    qg_bench_row row[QG_BENCH_PEAKS_MAX];
    int n;
} qg_bench_peaks;

/** Measures every probe; absent instruction sets get rows, too. About a second. @errors QG_ENOMEM.
 */
qg_code qg_bench_measure_peaks(qg_bench_peaks *out) QG_MUST_USE;

/**
 * The peak that bounds an operation: products by the multiply-adds of their type and instruction
 * set, row operations by memory. NULL when it was not measured. Borrowed.
 */
const qg_bench_row *qg_bench_peak_of(const qg_bench_peaks *p, const char *op, const char *isa);

/** Fills peak and peak_share of a row with gflops or gb_per_s. */
void qg_bench_compare(qg_bench_row *row, const qg_bench_peaks *p, const char *op);

/* What of the kernels is measured. */
typedef struct qg_bench_kernels {
    const char *glob; /* over "op" and "op__isa"; NULL: all */
    int m, n, k;      /* only this product; m 0: the usual shapes */
    int runs;         /* timed calls each; 0: as many as fit a moment */
} qg_bench_kernels;

/** Whether the glob names a kernel that can run here. @errors QG_EUSAGE with what there is. Local.
 */
qg_code qg_bench_check_kernels(const qg_bench_kernels *what) QG_MUST_USE;

/** Times every supported implementation that matches. @errors those of the check, QG_ENOMEM, the
 *  sink's. Local. */
qg_code qg_bench_run_kernels(const qg_bench_kernels *what, const qg_bench_peaks *peaks,
                             qg_bench_sink sink) QG_MUST_USE;

/* A model to measure: a folder, or a shape with random weights. */
typedef struct qg_bench_model {
    char name[64];
    qg_model_source source;
    char hash[65];
    const char *cache;
    int positions;                      /* most tokens of a text */
    bool packed;                        /* the folder has a precision already */
    const struct qg_bench_shape *shape; /* NULL: a folder */
} qg_bench_model;

/** "indobert, indobert-large, mini": what qg_bench_model_shape knows. Returns out. */
char *qg_bench_shape_names(char *out, size_t size);

/** The model of a named shape. @errors QG_EUSAGE (the names there are), QG_ENOMEM. Local. */
qg_code qg_bench_model_shape(qg_bench_model *m, qg_arena *a, const char *shape) QG_MUST_USE;

/** The model of a folder, packed or not. @errors those of qg_model_hash. Local. */
qg_code qg_bench_model_folder(qg_bench_model *m, qg_arena *a,
                              const qg_model_source *source) QG_MUST_USE;

/**
 * Packs the model under a precision unless the cache has it, in a child process. A shape's
 * checkpoint is drawn for that and stays until qg_bench_model_tidy.
 * @errors those of qg_model_open_cached. Local.
 */
qg_code qg_bench_model_prepare(qg_bench_model *m, const qg_precision_spec *p) QG_MUST_USE;

/** Removes the checkpoint of a shape; the packed folders stay in the cache. */
void qg_bench_model_tidy(qg_bench_model *m);

/**
 * Forward passes of `batch` texts of `tokens` random ids, in a child process of their own, so that
 * the row's memory is of this precision and batch alone.
 *
 * @param p     NULL: what the packed folder is
 * @param runs  timed passes; 0: at least 5, and about a second
 * @errors those of qg_model_open_cached and qg_model_forward; QG_EMODEL (too many tokens). Local.
 */
qg_code qg_bench_run_model(qg_bench_row *row, const qg_bench_model *m, const qg_precision_spec *p,
                           const qg_bench_peaks *peaks, int batch, int tokens,
                           int runs) QG_MUST_USE;

/** True multiply-adds, times 2, of one forward pass: Linear layers, scores and weighted sums. */
double qg_bench_model_flops(const qg_config *c, int batch, int tokens);

/** Appends a row as one JSON object and a newline. */
void qg_bench_json(qg_str *out, const qg_bench_row *row);

/** Appends a row as a line of a table, with the heading before the first of its kind. */
void qg_bench_text(qg_str *out, const qg_bench_row *row, const qg_bench_row *before);

#endif
