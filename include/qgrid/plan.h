/*
 * plan.h - a job made concrete: texts loaded and tokenized, cells with their keys, tasks and units.
 *
 * The plan fixes everything that results depend on; the number of ranks is not part of it.
 */
#ifndef QGRID_PLAN_H
#define QGRID_PLAN_H

#include "qgrid/cell.h"
#include "qgrid/job.h"
#include "qgrid/mixed.h"
#include "qgrid/sched.h"
#include "qgrid/tokenizer.h"
#include "qgrid/work_kind.h"

/* Version of results files: another one is not resumed. */
enum { QG_SCHEMA_VERSION = 1 };

/* Share of unknown tokens above which texts do not belong to a vocabulary. */
#define QG_MOST_UNKNOWN 0.05

typedef struct qg_cell {
    const char
        *name; /* "finetuned_smsa/int8", ".../latency", "finetuned_smsa/compare",
                  "finetuned/train", "finetuned_smsa/seeds",
                  "finetuned_smsa/int8/lime", "finetuned_smsa/explanations",
                  "control_smsa/vs/qat_smsa", "qat_smsa/reference",
                  "finetuned_smsa/stress/typos", "qat_probes/probes", "qat_smsa/seeds/explanations",
                  "qat_smsa/decomposition/control_smsa", "finetuned_smsa/fp32/lime/randomisation",
                  "finetuned_smsa/int8/bounds", "finetuned_smsa/int8/internals",
                  "finetuned_smsa/int8/sensitivity", "finetuned_smsa/int8/lime/sensitivity" */
    qg_cell_kind kind;
    int model, experiment; /* seeds, pair: the first of them; train: experiment is -1 */
    int precision;         /* -1 for those over all precisions */
    int method;       /* explain, randomise, explained sensitivity: of the job; pair, decomposition,
                       * stress: which of the job's       (perturbations); else -1 */
    int owner;        /* latency: the cell whose measurement it shows; else itself */
    int task;         /* its owner's; -1: computed by rank 0 from other cells, or skipped */
    const char *skip; /* why it is not computed; NULL: it is */
    char key[65];     /* hash of everything that determines the result */
    bool selected;    /* by --only */
} qg_cell;

typedef struct qg_plan_dataset {
    const char *path;
    qg_dataset data;
    char hash[65]; /* of the texts and labels as they are used */
    int64_t n_words;
    const int64_t *word_splits;           /* [n + 1] */
    const int32_t *word_start, *word_end; /* [n_words] code points */
} qg_plan_dataset;

/* What the training of a model is, and where it leaves it. */
typedef struct qg_plan_training {
    const char *config;  /* of qgrid train, complete but for "from", "output" and "distill" */
    const char *distill; /* members of that, besides "from"; NULL: no teacher */
    qg_model_source from, teacher;
    char from_hash[65], teacher_hash[65];       /* key of a training, or content of a folder */
    const qg_plan_dataset **train, *validation; /* train [n_train], one behind the other */
    int n_train;
    int64_t texts, epochs, batches; /* steps of an epoch */
    int64_t tokens;                 /* of the training texts */
    int cell, task;
} qg_plan_training;

typedef struct qg_plan_model {
    qg_model_source source;     /* of a trained model: the folder it comes to */
    char hash[65];              /* of its content; of a trained model: its key */
    qg_plan_training *training; /* NULL: it is read from a folder */
    qg_config config;
    qg_tokenizer *tokenizer;
} qg_plan_model;

/* The texts of an experiment in tokens, end to end. Shared by experiments of equal tokenizers. */
typedef struct qg_plan_tokens {
    int dataset;
    const char *tokenizer; /* its hash */
    int max_length;
    int64_t T;
    const int64_t *splits;                   /* [n + 1] */
    const int32_t *ids, *start, *end, *word; /* [T] */
    const int32_t *word_form, *run_form;     /* [T] qg_encoding_forms; NULL: nothing is explained */
    int64_t truncated, unknown;              /* texts cut, [UNK] tokens */
} qg_plan_tokens;

/* The texts of an experiment that may be explained. Which of them are, predictions of fp32 decide,
 * those of the experiment at the end of its references; there is a slot for as many as there can
 * be: those of class k are class_slot[k] .. class_slot[k + 1] - 1. */
typedef struct qg_plan_explained {
    int first_cell; /* of its explanations: precisions, of each all methods */
    int64_t slots;
    int64_t class_slot[QG_MAX_CLASSES + 1];
    const int64_t *order;  /* [n] rows as they are drawn; with ids [slots] those that have them */
    int64_t words, tokens; /* of the longest row */
} qg_plan_explained;

/* What the sensitivity of an experiment's model is measured on. */
typedef struct qg_plan_sensitivity {
    const qg_model_part *part; /* [parts] of the model */
    int parts;
    int64_t texts, slots;
    const int64_t *row;  /* [texts] rows of the data set that are predicted, rising */
    const int64_t *slot; /* [slots] which of the explained slots */
} qg_plan_sensitivity;

/* Cells may share a measurement of latency: `cell` is its owner, `model` and `experiment` are
 * those that are timed. */
typedef struct qg_plan_task {
    const qg_work_kind *kind;
    int model, precision; /* precision: -1 when the model is trained */
    int experiment;       /* -1 when the model is trained or packed */
    int cell;             /* -1 when it is packed */
    int first_unit, n_units;
} qg_plan_task;

/* Where the cells of an experiment are, but for those over several experiments. */
typedef struct qg_plan_cells_of {
    int first, end;
    int predict, bounds; /* the first of each kind, under the first precision; -1: there is none */
} qg_plan_cells_of;

typedef struct qg_plan {
    const qg_job *job;
    qg_plan_model *models;
    qg_plan_dataset *datasets;
    qg_plan_tokens **tokens;          /* [n_experiments] */
    qg_plan_explained *explained;     /* [n_experiments]; NULL: nothing is explained */
    qg_plan_sensitivity *sensitivity; /* [n_experiments] of those that have it; NULL: none has */
    qg_cell *cells;
    qg_plan_cells_of *cells_of; /* [n_experiments] */
    int *experiment_of;         /* [n_models][n_datasets] or -1 */
    int n_cells, n_selected;
    qg_plan_task *tasks;
    qg_task *sched_tasks; /* [n_tasks] the same for the scheduler */
    int n_tasks;
    int *pack_task; /* [n_models][n_precisions] the task that packs it, or -1 */
    qg_unit *units;
    int n_units;
    const char **warnings;
    int n_warnings;
    int unreadable; /* texts of experiments with more unknown tokens than QG_MOST_UNKNOWN */
    char hash[65];  /* of all cells and keys: equal plans share a results file */
} qg_plan;

/**
 * Loads models' configuration, tokenizers and data sets, tokenizes, and cuts the work.
 *
 * Every problem with an input is collected (missing files, bad rows, labels, ...).
 *
 * @param only  NULL or a glob over cell names: other cells are in the plan but not selected
 * @return QG_OK or the first problem's code. Local, rank 0.
 */
qg_code qg_plan_make(qg_plan *out, qg_arena *a, const qg_job *job, const char *only,
                     qg_problems *problems);

/**
 * Reads what can be read of a job that has mistakes: the model folders and data sets that are not
 * wrong themselves, so that what is wrong with their files is found, too, and added to `problems`.
 * Of `out` there are models (tokenizer NULL: not read) and datasets. Local.
 * @errors QG_ENOMEM.
 */
qg_code qg_plan_try_inputs(qg_plan *out, qg_arena *a, const qg_job *job,
                           qg_problems *problems) QG_MUST_USE;

/** Number of texts of latency measurement of an experiment. */
int64_t qg_plan_latency_texts(const qg_plan *p, int experiment);

/** Row of the data set measured as text `i`, drawn by counter. */
int64_t *qg_plan_latency_rows(const qg_plan *p, qg_arena *a, int experiment);

/** Parts of the model that a parameter-randomisation check of an experiment draws anew. */
int qg_plan_random_parts(const qg_plan *p, int experiment);

/** Words of a row that have tokens: the others were cut off. */
int64_t qg_plan_words(const qg_plan_tokens *t, int64_t row);

/* What predictions say of the texts that may be explained: [n] each. */
typedef struct qg_plan_choice {
    const int32_t *predicted; /* classes that the fp32 of the chooser (qg_job_chooser) predicts */
    const uint8_t *diverges;  /* some precision of it predicts another one; NULL: nobody asks */
} qg_plan_choice;

/**
 * Rows that are explained: of each class the first of `order` that qualify, or those with ids.
 *
 * @param[out] row  [slots] -1 where a class has fewer
 */
void qg_plan_explained_rows(int64_t *row, const qg_plan *p, int experiment,
                            const qg_plan_choice *choice);

/** The cells of predictions that say which texts of an experiment are explained, and for which
 *  class: the first is that of the class. Returns how many, at most qg_plan_most_choosing. */
int qg_plan_choosing(int *cell, const qg_plan *p, int experiment);
int qg_plan_most_choosing(const qg_plan *p);

/* How often the explanations of fp32 are drawn again, independently of those that are compared:
 * what the two are apart is the repeat. */
enum { QG_REPEATS = 2 };

/** QG_REPEATS for an explanation of fp32 by a method that draws, else 0. */
int qg_plan_repeats(const qg_plan *p, const qg_cell *c);

/** Whether `c` is computed from the results of `k`: a comparison, statistics over seeds, tests over
 *  explanations. */
bool qg_cell_sums_up(const qg_plan *p, const qg_cell *c, const qg_cell *k);

/** Where the cells are that `c` sums up: at *first and behind it, before *end, with others among
 *  them. */
void qg_plan_summed_up(int *first, int *end, const qg_plan *p, const qg_cell *c);

/** Whether that many of the cells that `c` sums up are enough for it: of those of its own
 * experiment and of others. */
bool qg_cell_has_enough(const qg_cell *c, int own, int others);

/** The task that trains a model of the job; -1: none does (also for model -1). */
int qg_plan_training_task(const qg_plan *p, int model);

/** Whether a task takes the trained model `model`: it works on it, or trains another from it. */
bool qg_plan_uses_model(const qg_plan *p, int task, int model);

/** Kind of work that computes the cells of a kind; NULL: they sum up other cells. */
const qg_work_kind *qg_cell_work(qg_cell_kind kind);

/** Whether cells of a kind look at the texts that are chosen for explanation. */
bool qg_cell_explains(qg_cell_kind kind);

/** A unit more of the task that is being cut. @errors QG_ENOMEM. */
qg_code qg_plan_add_unit(qg_plan *p, qg_arena *a, int task, int64_t first, int64_t count,
                         double cost) QG_MUST_USE;

/** Whether the training of model `m` needs that of model `other`: from it, or as its teacher. */
bool qg_plan_training_needs(const qg_plan *p, int m, int other);

/** Seeds that a cell is over: an entry of the job with seeds stands for as many experiments; 0: it
 *  is over none. */
int qg_plan_cell_seeds(const qg_plan *p, const qg_cell *c);

/** Seed that a cell's results go back to: its model's if that is trained, else the job's. */
int64_t qg_plan_cell_seed(const qg_plan *p, const qg_cell *c);

/** Seconds on one core of forward passes over so many tokens, in texts of `length` tokens. */
double qg_cost_forward(const qg_config *c, double length, double tokens);

/** Memory of a model's weights in binary32. */
int64_t qg_cost_model_bytes(const qg_config *c);

/* The most memory that a rank takes, in bytes, and the task at which it does (-1: nothing runs). */
typedef struct qg_plan_memory {
    int64_t own, shared; /* shared: pages of files, which the ranks of a node have in common */
    int task;
} qg_plan_memory;

/** Forecast for a run of the units that are open, on `ranks` ranks, with packed models in the
 * folder `cache`: within a fifth of what is measured (tests/faults/test_memory.sh). Local. */
qg_plan_memory qg_plan_memory_peak(const qg_plan *p, const uint8_t *state, int ranks,
                                   const char *cache);

/** Number of the cell of an experiment's predictions under a precision. */
int qg_predict_cell(const qg_plan *p, int experiment, int precision);

/** The cell of the bounds of its AOPC, or -1: normalised AOPC is not measured. */
int qg_plan_bounds_cell(const qg_plan *p, int experiment, int precision);

/** Cell of an explanation, of a job that has them. */
const qg_cell *qg_plan_explain_cell(const qg_plan *p, int experiment, int precision, int method);

#endif
