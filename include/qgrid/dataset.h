/*
 * dataset.h - labelled texts from files: formats, normalisation, sampling, and what is odd in them.
 */
#ifndef QGRID_DATASET_H
#define QGRID_DATASET_H

#include "qgrid/minimal_pairs.h"
#include "qgrid/noise.h"
#include "qgrid/normalize.h"
#include "qgrid/opt.h"

/* What the bytes of a file mean. UTF-16 without a byte order mark is little endian. */
typedef enum qg_charset { QG_UTF_8, QG_UTF_16, QG_LATIN_1, QG_CP1252 } qg_charset;

/* Whether quotes in tables enclose fields (RFC 4180) or are characters like others; unless it is
 * said, they are characters in smsa alone. */
typedef enum qg_quoting { QG_QUOTING_FORMAT, QG_QUOTING_DOUBLE, QG_QUOTING_NONE } qg_quoting;

/* One entry of a job's "datasets"; option table qg_dataset_opts. A derived one has `from` in place
 * of a file: it is made of the rows of another one, whose path and rules the job gives it. */
typedef struct qg_dataset_spec {
    const char *name;         /* key in the job */
    const char *from;         /* name of the other one; NULL: it is read from a file */
    const qg_json *perturb;   /* as it stands in the job */
    qg_noise noise;           /* what it says, with the seed */
    const char *path;         /* relative to the working directory */
    const char *format;       /* a row of io/formats.def; NULL: by extension (set by spec_read) */
    const qg_json *normalize; /* as it stands in the job */
    qg_normalization rules;   /* what it says */
    int on_error;             /* 0 fail, 1 skip */
    int encoding;             /* qg_charset */
    int quoting;              /* qg_quoting */
    const char *text_column, *label_column, *id_column; /* csv, tweets, jsonl; NULL: defaults */
    const char *group_column;     /* csv, tweets, jsonl; NULL: rows are in no groups */
    const char *delimiter;        /* csv, tweets: one ASCII byte */
    const qg_json *label_columns; /* as it stands in the job: columns whose majority is the label */
    const char *const *vote;      /* [n_votes] their names */
    int n_votes;
    int64_t min_votes;        /* fewer say nothing */
    bool no_labels;           /* labels are not looked at, whatever the file has in their place */
    const qg_json *label_map; /* {"0": "positive", ...}: value in the file -> label of the job, or
                                 null: no vote */
    const qg_json *split;     /* {"train": 0.8, "test": 0.2, "seed": 42}, as it stands in the job */
    const char *part;         /* of the split; NULL: the job has a data set of each part */
    double part_from, part_to; /* shares of the rows of each label, in the order of their draws */
    int64_t split_seed;
    const qg_json *sample; /* {"count" | "fraction" | "per_class", "seed"} */
    struct {
        int64_t count, per_class, seed; /* 0: not set */
        double fraction;                /* 0: not set */
    } sampling;
} qg_dataset_spec;

enum { QG_MOST_VOTES = 32 }; /* columns of labels */

/* Rows of an entry of a job's "datasets", and of its "sample". */
extern const qg_opt qg_dataset_opts[], qg_dataset_sample_opts[];

/* Most bad rows that are listed one by one; most groups, and bytes of their names. */
enum { QG_SKIPPED_MAX = 100, QG_GROUPS_MAX = 256, QG_GROUP_NAME_MAX = 63 };

/* Why rows were left out, and how many for the same reason. */
enum { QG_MOST_REASONS = 16 };
typedef struct qg_skip_reason {
    const char *why; /* the message without its place */
    int64_t rows;
} qg_skip_reason;

typedef struct qg_dataset {
    const char *name;
    int64_t n;
    const char *const *text;       /* [n] normalised, valid UTF-8, NUL-terminated; arena */
    const size_t *text_len;        /* [n] bytes */
    const int32_t *label;          /* [n] index into the job's labels, -1 = unlabelled */
    const char *const *sample_id;  /* [n] id column, else the 0-based record number in the file */
    const int64_t *line;           /* [n] 1-based line at which the record starts */
    const int64_t *record;         /* [n] 0-based record number in the file */
    int n_groups;                  /* 0: the rows are in none */
    const char *const *group_name; /* [n_groups] in the order in which they occur */
    const int32_t *group;          /* [n] of these; -1: of none, the column is empty */
    const struct qg_noisy *noisy;  /* [n] what was made of the texts; NULL: it is not derived */
    const qg_minimal_pairs *pairs; /* of the format "probes"; NULL: there are none */
    char sha256[65];               /* of the file */
    const char *known_as; /* "sample shipped with qgrid", "SmSA test (IndoNLU)", ... or NULL */

    /* What was found in the file (before sampling). */
    int64_t records;     /* all: good ones, skipped ones and empty texts */
    int64_t skipped;     /* bad rows left out; with on_error fail, those that it fails at */
    int64_t empty;       /* qg_text_is_empty after normalisation: left out */
    int64_t quoted;      /* texts that begin and end with a quote */
    int64_t duplicates;  /* rows whose normalised text occurred before */
    int64_t undecided;   /* no majority of its label columns: left out */
    int64_t conflicting; /* distinct normalised texts that carry more than one label */
    const qg_error *skipped_rows; /* [min(skipped, QG_SKIPPED_MAX)] */
    int skipped_listed;
    const qg_skip_reason
        *reason; /* [n_reasons] the most frequent first; others are not told apart */
    int n_reasons;
    const char *label_hint; /* a label_map that would take labels nobody knows, or NULL */
} qg_dataset;

/**
 * Reads one "datasets" entry (an object, or a string: the path). All problems are added to
 * `problems` (unknown key or format, bad sample object, ...). Returns QG_EJOB if there were any.
 * Local.
 */
qg_code qg_dataset_spec_read(qg_dataset_spec *spec, const char *name, const qg_json_doc *doc,
                             const qg_json *object, qg_problems *problems);

/** Reads a "sample" object (spec->sample and sampling) in the same way. Local. */
qg_code qg_dataset_sample_read(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *v,
                               qg_problems *problems);

/**
 * Loads, normalises and samples a dataset. With on_error fail a bad row is an error, but all rows
 * are read: `out` has what is wrong with them, and the error is that of the first.
 *
 * @param labels  NULL-terminated label names of the job; borrowed. NULL: labels are not looked at,
 *                all are -1
 * @errors QG_EIO; QG_EFORMAT with path, line, column, field; an empty result is QG_EFORMAT; QG_EJOB
 *         when a sample is larger than the dataset or label_map names an unknown label. Local.
 */
qg_code qg_dataset_load(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                        const char *const *labels) QG_MUST_USE;

/**
 * The mistakes that loading a dataset found, as problems of the job's value `v`: where bad rows
 * stopped it the first of them, and how many there are of each kind. Returns rc, that of
 * qg_dataset_load for `d`, or QG_ENOMEM. Local.
 */
qg_code qg_dataset_problems(qg_problems *problems, const qg_dataset *d, const qg_dataset_spec *spec,
                            const qg_json_doc *doc, const qg_json *v, qg_code rc);

/**
 * Makes a derived dataset: rows of `source` (all, or those of spec's sample) with their texts
 * perturbed. The rules of the texts are applied once more to what comes out, as to any input, but
 * for html; a text of which nothing is left stays as it was. Labels, ids and records are shared.
 * @errors QG_EJOB when a sample is larger than the source, QG_ENOMEM. Local.
 */
qg_code qg_dataset_derive(qg_dataset *out, qg_arena *a, const qg_dataset_spec *spec,
                          const qg_dataset *source, const char *const *labels) QG_MUST_USE;

/**
 * Rows of b whose text (lower-cased by ASCII bytes, white space collapsed) also occurs in a; -1
 * when memory is out (error set). Local.
 */
int64_t qg_dataset_shared(const qg_dataset *a, const qg_dataset *b);

#define QG_NEAR 0.8 /* least Jaccard similarity of texts that are nearly the same */

/* The row of another dataset that is nearest to one. */
typedef struct qg_near {
    int64_t row;       /* -1: none is near */
    double similarity; /* Jaccard, of 5-byte pieces; 1: equal but for case and white space */
} qg_near;

/* What a dataset is compared by: for each row 64 minima over its pieces. 256 bytes a row. */
typedef struct qg_near_index {
    const qg_dataset *data; /* borrowed */
    uint32_t *minimum;      /* [n, 64] */
} qg_near_index;

/** Once for a dataset, however many it is compared with; arena. @errors QG_ENOMEM. Local. */
qg_code qg_near_index_make(qg_near_index *out, qg_arena *a, const qg_dataset *d) QG_MUST_USE;

/**
 * For each row of b the row of a with the most similar text, if the similarity is QG_NEAR or more.
 *
 * @param[out] out  [b->data->n] caller-owned
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_dataset_near(qg_near *out, const qg_near_index *a, const qg_near_index *b) QG_MUST_USE;

/* What of it is not equal but nearly so. */
typedef struct qg_near_rows {
    int64_t n;                /* rows of b that are near one of a, and equal to none */
    int64_t line, other_line; /* of the nearest pair: in b, in a */
    double similarity;        /* of that pair */
} qg_near_rows;

/** Counts them; scratch memory of the arena is given back. @errors QG_ENOMEM. Local. */
qg_code qg_dataset_near_rows(qg_near_rows *out, qg_arena *a, const qg_near_index *x,
                             const qg_near_index *y) QG_MUST_USE;

/* One record as a format hands it over. Borrowed until the next one; NULL = absent. */
typedef struct qg_record {
    const char *text, *label, *id, *group;
    size_t text_len, label_len, id_len, group_len;
    int64_t line;                     /* where the record starts */
    int64_t label_line, label_column; /* where its label stands */
    const char *label_field;          /* name of the label's column, for messages */
    const char *const *vote; /* [spec->n_votes] values of its label columns; NULL: there are none */
    const size_t *vote_len;
    const qg_pair_record *pair; /* the minimal pair that it belongs to */
} qg_record;

/* Where a format's records go. */
typedef struct qg_record_sink {
    qg_code (*each)(void *ctx, const qg_record *r); /* an error stops the reading */
    qg_code (*bad)(void *ctx); /* the error record holds a bad row; QG_OK to go on after it */
    void *ctx;
} qg_record_sink;

/* A format: reads records one after another. io/formats.def lists them. */
typedef struct qg_format {
    const char *name, *summary;
    const char *extensions;  /* ".tsv .txt": chosen by name when a job gives no format; or NULL */
    const char *label_names; /* built-in map "0=positive 1=neutral 2=negative", or NULL */
    const char *options;     /* keys of a "datasets" entry that only some formats take */
    /** Calls the sink for every record of a file without byte order mark. Local. */
    qg_code (*read)(const qg_dataset_spec *spec, const char *data, size_t size,
                    const qg_record_sink *sink);
} qg_format;

/** NULL-terminated table of formats. */
extern const qg_format *const qg_formats[];

/** By name, and by the extension of a path; NULL if there is none. Local. */
const qg_format *qg_format_find(const char *name);
const qg_format *qg_format_of_path(const char *path);

/* A file that many have: io/known_files.def. */
typedef struct qg_known_file {
    const char *sha256;
    int64_t records;
    const char *name, *source;
} qg_known_file;

/** The known file with this hash, or NULL. Local. */
const qg_known_file *qg_known_file_find(const char *sha256);

/** Makes a data set the part spec->part of its split. @errors QG_EJOB at `at` when the split has
 *  none of that name. Local. */
qg_code qg_split_choose(qg_dataset_spec *spec, const qg_json_doc *doc, const qg_json *at);

/** The data set of a list that a value (may be NULL) names, or -1. Local. */
int qg_dataset_spec_find(const qg_dataset_spec *list, int n, const qg_json *v);

#endif
