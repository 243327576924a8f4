/*
 * training.h - fine-tuning and pre-training from a JSON config into a model folder: what `qgrid
 * train` does.
 *
 * Epochs count from 1, steps from 0, everywhere a user sees them.
 */
#ifndef QGRID_TRAINING_H
#define QGRID_TRAINING_H

#include "qgrid/dataset.h"
#include "qgrid/gang.h"
#include "qgrid/metrics.h"
#include "qgrid/log.h"
#include "qgrid/str.h"
#include "qgrid/trainer.h"

/* To be raised when a training of the same config comes to other bits than before. */
enum { QG_TRAINING_VERSION = 1 };

/* When checkpoints are written, apart from the end of an interrupted run; 0: not so. */
typedef struct qg_checkpoint_times {
    int64_t steps;
    double minutes;
} qg_checkpoint_times;
/* How fake quantization goes: members of "qat" beside the precision. */
typedef struct qg_training_qat {
    qg_precision_entry precision;
    int inputs;    /* qg_qat_inputs */
    int step_size; /* 0: from the largest weight, 1: learned */
    int64_t start_epoch, freeze_epochs;
} qg_training_qat;

/* "distill": a teacher; from NULL: none. */
typedef struct qg_training_distill {
    const char *from;
    double temperature, weight, hidden;
} qg_training_distill;

/* A config, read and checked. Option table qg_training_opts. */
typedef struct qg_training_config {
    qg_json_doc doc;
    const char *from, *head, *weights, *output, *metric;
    int objective; /* qg_objective */
    int64_t seed, epochs, batch, leaves, max_length, patience;
    int64_t ranks; /* most members of its gang; 0: as many as leaves */
    double learning_rate, weight_decay, clip_norm, label_smoothing;
    double warmup; /* below 1: share of all steps; else steps */
    int schedule;  /* qg_schedule_kind */
    bool recompute;
    const qg_json *labels_node, *dataset_node, *validation_node, *dropout_node, *weights_node;
    const qg_json *qat_node, *distill_node, *checkpoint_node, *seeds_node;
    int reduce; /* qg_reduce */
    /* what the nodes say */
    int K;
    const char *const *labels;      /* [K], NULL-terminated */
    const qg_dataset_spec *dataset; /* [datasets], trained on one behind the other */
    int datasets;
    qg_dataset_spec validation;
    qg_dropout_rates dropout;    /* NaN: as the model says */
    bool balanced;               /* class weights from the training data */
    const double *class_weights; /* [K] or NULL */
    bool has_qat;
    qg_precision_spec qat;
    qg_checkpoint_times checkpoint;
    qg_training_qat fake; /* with QAT */
    qg_training_distill distill;
    /* [K] number in the files of each class, NULL: as they stand; of what it is trained from, and
     * of the teacher */
    const uint8_t *from_order, *teacher_order;
} qg_training_config;

/* Rows of a config, and of its "distill". */
extern const qg_opt qg_training_opts[], qg_training_distill_opts[];

extern const qg_opt qg_training_job_opts[];      /* what a config inside a job may say besides */
extern const qg_opt_table qg_training_objects[]; /* its objects, named by their key */

/**
 * Reads a config. Every mistake found is added to `problems`.
 *
 * @param set  NULL-terminated list of "/json/pointer=value" that replace values, or NULL
 * @return QG_OK, or the code of a problem. Local.
 */
qg_code qg_training_config_load(qg_training_config *out, qg_arena *a, const char *path,
                                const char *const *set, qg_problems *problems) QG_MUST_USE;

/* What surrounds a config that is part of a job. */
typedef struct qg_training_context {
    const char *const *labels; /* [K], NULL-terminated */
    int K, n_datasets;
    const qg_dataset_spec *datasets; /* [n_datasets], which the config may name */
    int64_t seed, max_length;
} qg_training_context;

/**
 * Reads a config from a value of a document. Every mistake found is added to `problems`.
 *
 * @param around  NULL, or the job of which it is a part: its labels, seed and max_length are taken,
 *                data sets may be named, `output` may be left out, `seeds` may be there
 * @return QG_OK, or the code of a problem. Local.
 */
qg_code qg_training_config_read(qg_training_config *out, const qg_json_doc *doc,
                                const qg_json *object, const qg_training_context *around,
                                qg_problems *problems) QG_MUST_USE;

/** The value that training data set `i` of a config was read from. */
const qg_json *qg_training_dataset_node(const qg_training_config *c, int i);

/** Appends `,"key":value` for every option that has a value, in the order of the table, but for
 *  those in `except` (NULL-terminated): equal for configs that mean the same, but for the contents
 *  of nodes. */
void qg_training_config_write(qg_str *out, const qg_training_config *c, const char *const *except);

/** Most members of a gang that trains after this config: a power of two. */
int qg_training_gang_limit(const qg_training_config *c);

/* The files a config names. */
typedef struct qg_training_inputs {
    qg_params params;
    float *values; /* [params.count] */
    char model_hash[65];
    const qg_dataset *file; /* [config.datasets] the training data by file */
    qg_dataset train, validation;
    qg_mlm_masking masking;                 /* of masked-language modelling */
    qg_train_set train_set, validation_set; /* tokens and labels */
    int longest;                            /* tokens of a text, of both sets */
    const double *class_weights;            /* [K] or NULL */
    qg_params teacher;                      /* with distillation */
    float *teacher_values;                  /* [teacher.count], NULL without */
    char teacher_hash[65];
} qg_training_inputs;

/** Loads model and texts; what is wrong with them is added to `problems`. Returns QG_OK or the code
 *  of a problem. Local. */
qg_code qg_training_inputs_load(qg_training_inputs *out, qg_arena *a, const qg_training_config *c,
                                qg_problems *problems) QG_MUST_USE;

/* What one epoch came to. */
typedef struct qg_training_epoch {
    double loss;      /* mean over its texts, as trained: dropout, class weights, smoothing */
    qg_scores scores; /* of the validation; with QAT as deployed; masked-language modelling:
                       * accuracy and nll of the chosen tokens */
    qg_scores fp32;   /* with QAT: of the same parameters in f32 */
} qg_training_epoch;

/* The course of a training: what training.jsonl and /training say. */
typedef struct qg_training_record {
    uint64_t steps;           /* done */
    qg_step_report *step;     /* [epochs * batches] */
    int batches;              /* steps of an epoch */
    int epochs;               /* finished */
    qg_training_epoch *epoch; /* [config.epochs] */
    int best;                 /* index of the best; -1: none */
    const char *end;          /* how it ended, a sentence; NULL: all epochs done */
} qg_training_record;

typedef struct qg_training_options {
    bool fresh; /* replace an output of an earlier training, begin anew where a checkpoint is */
    bool
        again; /* by the same run, whose gang broke: the checkpoint and what it wrote are its own */
    bool complete;   /* write no model of a training that did not come to its end */
    const char *key; /* NULL, or what the folder is to be known by: qg_training_is_complete */
    qg_progress_style progress;
} qg_training_options;

typedef struct qg_training_summary {
    qg_training_record record; /* in the arena */
    bool written;              /* the output holds a model */
    bool interrupted;          /* the run was to end: a checkpoint holds what was done */
    double best;               /* the best epoch's value of the config's metric */
} qg_training_summary;

/**
 * Trains and writes the best epoch's model: a Hugging Face folder with README.md and
 * training.jsonl, with QAT also the packed folder OUTPUT/packed; it appears complete or not at all.
 * After an error it holds the best epoch so far, if there is one. Beside the output, on a file
 * system that all members see:
 *
 *   OUTPUT.checkpoint  where the training stands; the same call goes on from it, on any number of
 *                      members, to the bits of an undisturbed run. Removed with the end.
 *   OUTPUT.lock        held while it runs
 *
 * When the gang is to end, a checkpoint is written and summary.interrupted set. The result is then
 * QG_OK for one process, QG_ELOST (of a unit of work) in the farm. By all members of the gang; the
 * first one writes and talks.
 *
 * @errors QG_EJOB (with problems), QG_EUSAGE (the output exists; more members than leaves),
 *         QG_ECHANGED (a checkpoint of another training: what differs), QG_EFORMAT (a damaged
 *         checkpoint), QG_ELOCKED, QG_ENUMERIC (step and samples named), QG_EIO, QG_ENOMEM,
 *         QG_ELOST (the members have lost each other, or are to give up).
 */
qg_code qg_training_run(qg_training_summary *out, qg_arena *a, const qg_training_config *c,
                        const qg_training_options *options, const qg_gang *gang,
                        qg_problems *problems) QG_MUST_USE;

/** Every text has a label. @errors QG_EFORMAT (file and line). Local. */
qg_code qg_training_check_labelled(const qg_dataset *d, const char *path) QG_MUST_USE;

/** Adds the texts of each class to `texts` [K]; every text has a label. */
void qg_training_count_classes(int64_t *texts, const qg_dataset *d);

/**
 * Whether the classes that have no text go with the class weights.
 *
 * @param[out] warning  a sentence that names the labels which no text has: a model never learns to
 *                      choose them; NULL: every label occurs. Arena.
 * @param      texts    [c->K] of each class
 * @errors QG_EJOB: balanced weights with a class of no text, or a weight of 0 for texts that there
 *         are. Local.
 */
qg_code qg_training_check_classes(char **warning, qg_arena *a, const int64_t *texts,
                                  const qg_training_config *c) QG_MUST_USE;

#define QG_TRAINING_MARK "training.json" /* the file of a folder that says of which key it is */

/** Whether a folder holds what a training of that key came to. Local. */
bool qg_training_is_complete(const char *dir, const char *key);

/** The course of the training that a folder came from, as qg_training_run gave it. Arena. @errors
 *  QG_EIO, QG_EFORMAT. Local. */
qg_code qg_training_read(qg_training_record *out, qg_arena *a, const char *dir) QG_MUST_USE;

#endif
