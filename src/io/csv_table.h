/*
 * csv_table.h - reading of CSV; the formats csv, tweets and quoted smsa are layouts of it.
 */
#ifndef QG_IO_CSV_TABLE_H
#define QG_IO_CSV_TABLE_H

#include "qgrid/dataset.h"

/* Defaults that a job's text_column, label_column, id_column and delimiter replace. */
typedef struct qg_csv_layout {
    char delimiter;
    const char *text, *label, *id; /* names of columns; id may be NULL */
    bool label_required;           /* else a file without that column is unlabelled */
    int columns;                   /* 0: a header names them; else text and label, and no header */
    qg_code (*check)(const char *path, const qg_record *r); /* refuses a record; or NULL */
} qg_csv_layout;

qg_code qg_csv_read(const qg_csv_layout *layout, const qg_dataset_spec *spec, const char *data,
                    size_t size, const qg_record_sink *sink) QG_MUST_USE;

#endif
