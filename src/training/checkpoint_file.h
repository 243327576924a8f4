/*
 * checkpoint_file.h - the checkpoint file of a training.
 *
 *   0      head             format of the file, length and checksum of the record: the same for
 *                           programs of all versions
 *   88     the record       named numbers: who wrote it, the key, the course of the training,
 * ranges
 *   ...    arrays           parameters, m, v, best epoch's parameters: `parameters` floats each
 *   ...    checksums        of each block of QG_NORM_BLOCK floats 64 hex digits for each array
 *
 * Arrays and the checksums begin on pages of 4096 bytes and slices of members are whole blocks, so
 * no page is written by two members: on NFS they would spoil it for each other. Numbers are as in
 * memory; a file from a machine with another byte order is refused.
 *
 * A program with another list of metrics goes on with the file: what the record lacks of finished
 * epochs stays undefined, what it has besides is left out.
 */
#ifndef QGRID_TRAINING_CHECKPOINT_FILE_H
#define QGRID_TRAINING_CHECKPOINT_FILE_H

#include "checkpoint.h"
#include "named_numbers.h"

#define QG_CHECKPOINT_MAGIC "QGTRAIN" /* with its NUL */
enum {
    QG_CHECKPOINT_VERSION = 2, /* 1 had numbers without names */
    QG_CHECKPOINT_ORDER = 0x01020304,
    QG_CHECKPOINT_PAGE = 4096,
    QG_CHECKPOINT_DIGEST = 64
};

enum {
    QG_CHECKPOINT_VALUES,
    QG_CHECKPOINT_M,
    QG_CHECKPOINT_V,
    QG_CHECKPOINT_BEST,
    QG_CHECKPOINT_ARRAYS
};

typedef struct qg_checkpoint_head {
    char magic[8];
    uint32_t version, byte_order;
    uint64_t record; /* bytes */
    char digest[QG_CHECKPOINT_DIGEST];
} qg_checkpoint_head;
_Static_assert(sizeof(qg_checkpoint_head) == 88, "the head is the same for all versions");

/* Offsets of the file. */
typedef struct qg_checkpoint_layout {
    size_t arrays, checksums, bytes;
    size_t count, blocks;
} qg_checkpoint_layout;

/** Offsets for a record of that many bytes, and parameters. */
qg_checkpoint_layout qg_checkpoint_lay_out(size_t record, size_t count);

/** Where an array begins, and where the checksum of one of its blocks is. */
size_t qg_checkpoint_array(const qg_checkpoint_layout *l, int array);
size_t qg_checkpoint_checksum(const qg_checkpoint_layout *l, int array, size_t block);

void qg_checkpoint_digest(char out[QG_CHECKPOINT_DIGEST], const void *data, size_t bytes);

/* One number of each step, epoch or range. */
typedef struct qg_checkpoint_column {
    const char *name;
    qg_number_type type;
    size_t offset;
    bool optional; /* undefined where a file has it not */
} qg_checkpoint_column;

typedef struct qg_checkpoint_table {
    const qg_checkpoint_column *column;
    int columns;
    void *row; /* where the rows live while training */
    size_t stride;
    uint64_t rows;
} qg_checkpoint_table;

enum { QG_CHECKPOINT_STEPS, QG_CHECKPOINT_EPOCHS, QG_CHECKPOINT_RANGES, QG_CHECKPOINT_TABLES };

/** The tables of a training as far as it is. */
void qg_checkpoint_tables(qg_checkpoint_table out[QG_CHECKPOINT_TABLES],
                          const qg_training_state *s);

/** Where a column's first number is; NULL of no rows. */
void *qg_checkpoint_cell(const qg_checkpoint_table *t, const qg_checkpoint_column *c);

/** Names of the parts of the key, in the order of its enum. */
extern const char *const qg_checkpoint_key_names[QG_KEY_PARTS];

/** The record of a training as it is. */
void qg_checkpoint_record(qg_str *out, const qg_training_state *s);

#endif
