/*
 * checkpoint_file.h - the checkpoint file of a training.
 *
 *   0      header           fixed size, with the key and a checksum of itself
 *   4096   the record       config as text, step reports, epochs, ranges of QAT
 *   ...    arrays           parameters, m, v, best epoch's parameters: `count` floats each
 *   ...    checksums        of each block of QG_NORM_BLOCK floats 64 hex digits for each array
 *
 * Arrays and the checksums begin on pages of 4096 bytes and slices of members are whole blocks, so
 * no page is written by two members: on NFS they would spoil it for each other. Numbers are as in
 * memory; a file from a machine with another byte order is refused.
 */
#ifndef QGRID_TRAINING_CHECKPOINT_FILE_H
#define QGRID_TRAINING_CHECKPOINT_FILE_H

#include "checkpoint.h"

#define QG_CHECKPOINT_MAGIC "QGTRAIN" /* with its NUL */
enum {
    QG_CHECKPOINT_VERSION = 1,
    QG_CHECKPOINT_ORDER = 0x01020304,
    QG_CHECKPOINT_HEADER = 4096, /* bytes */
    QG_CHECKPOINT_DIGEST = 64
};

enum {
    QG_CHECKPOINT_VALUES,
    QG_CHECKPOINT_M,
    QG_CHECKPOINT_V,
    QG_CHECKPOINT_BEST,
    QG_CHECKPOINT_ARRAYS
};
typedef struct qg_checkpoint_header {
    char magic[8];
    uint32_t version, byte_order;
    char part[QG_KEY_PARTS][QG_CHECKPOINT_DIGEST];
    uint64_t config_bytes, steps, epochs, ranges, count;
    int64_t best_epoch, waited;
    double best;
    char record[QG_CHECKPOINT_DIGEST]; /* of the bytes up to the arrays */
    char own[QG_CHECKPOINT_DIGEST];    /* of the header with zeros here */
} qg_checkpoint_header;
_Static_assert(sizeof(qg_checkpoint_header) <= QG_CHECKPOINT_HEADER, "the header has its place");

/* qg_range without its padding. */
typedef struct qg_checkpoint_range {
    float lo, hi;
    uint32_t set;
} qg_checkpoint_range;

/* Offsets of the file. */
typedef struct qg_checkpoint_layout {
    size_t config, steps, epochs, ranges, end; /* of the record */
    size_t arrays, checksums, bytes;
    size_t count, blocks;
} qg_checkpoint_layout;

/** Offsets for a header whose sizes are within those of a training. */
qg_checkpoint_layout qg_checkpoint_lay_out(const qg_checkpoint_header *h);

/** Where an array begins, and where the checksum of one of its blocks is. */
size_t qg_checkpoint_array(const qg_checkpoint_layout *l, int array);
size_t qg_checkpoint_checksum(const qg_checkpoint_layout *l, int array, size_t block);

void qg_checkpoint_digest(char out[QG_CHECKPOINT_DIGEST], const void *data, size_t bytes);
void qg_checkpoint_digest_header(char out[QG_CHECKPOINT_DIGEST], const qg_checkpoint_header *h);

#endif
