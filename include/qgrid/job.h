/*
 * job.h - the job file: what a user asks for, checked but not yet planned.
 */
#ifndef QGRID_JOB_H
#define QGRID_JOB_H

#include "qgrid/dataset.h"
#include "qgrid/faithfulness_of.h"
#include "qgrid/labels.h"
#include "qgrid/metrics.h"
#include "qgrid/model.h"
#include "qgrid/opt.h"
#include "qgrid/recommendation.h"

/* The most of each that a job may list. */
enum { QG_MAX_BATCH_SIZES = 8, QG_MAX_METHODS = 256, QG_MAX_SEEDS = 64 };
enum { QG_MAX_LEVELS = 16 };
enum { QG_JOB_NAME = 64 }; /* longest name */

/* A model that the job trains. */
typedef struct qg_job_training {
    const struct qg_training_config *config; /* training.h; `from`, `output` as they are written */
    int from;                                /* model of the job, -1: the folder config->from */
    int teacher;                             /* model of the job, -1: none or a folder */
    const int *dataset;                      /* [config->datasets] of the job, -1: its own */
    int validation;
} qg_job_training;

/* Which of several: an entry of the job file with seeds stands for as many models (experiments),
 * one behind the other in the job's list. */
typedef struct qg_seed_group {
    const char *base; /* name of the entry */
    int first, n;     /* all of the entry; n is 0 when it has no seeds */
} qg_seed_group;

/* A model is behind the one it is trained from. */
typedef struct qg_job_model {
    const char *name;
    qg_model_source source;          /* without dir when it is trained: the plan knows */
    const qg_json *labels;           /* of a folder, qg_labels_order; NULL: as they stand */
    const qg_job_training *training; /* NULL: it is read from source.dir */
    int64_t seed;                    /* of the training or of the random head */
    qg_seed_group seed_group;
    const qg_json *node;
} qg_job_model;

typedef struct qg_experiment {
    const char *name;
    int model, dataset;
    int reference;            /* experiment whose fp32 it is compared with, -1: none */
    bool stressed;            /* "stress" made it: on texts of another one, perturbed or not */
    int plain;                /* of one on perturbed texts: that on the same ones as they are; -1 */
    const int *stress;        /* [perturbations, levels] of "stress": those made from it, or NULL */
    qg_seed_group seed_group; /* as the model's */
    const qg_json *node;
} qg_experiment;

/* What is measured once: models of one shape, or each experiment. */
typedef enum qg_latency_per { QG_LATENCY_PER_SHAPE, QG_LATENCY_PER_EXPERIMENT } qg_latency_per;

/* "latency": texts that are timed one batch at a time, after runs that are not. */
typedef struct qg_latency_options {
    bool wanted;
    int64_t warmup, runs, samples;
    int64_t batch_size[QG_MAX_BATCH_SIZES];
    int n_batch_sizes;
    int per; /* qg_latency_per */
} qg_latency_options;

/* "margin": differences that are too small to matter, of equivalence and non-inferiority. */
typedef struct qg_job_margin {
    double rho;      /* of a Spearman drift */
    double accuracy; /* of a share of right answers */
    double aopc;     /* of a measure of faithfulness, a probability */
} qg_job_margin;

/* Two experiments on one data set whose drift is compared on the texts explained in both. */
typedef struct qg_job_pair {
    int a, b;
} qg_job_pair;

/* The drift of experiments from their references is split into what their controls drift, too, and
 * the rest. Experiments with seeds stand for one of each seed and one over all. */
typedef struct qg_job_decomposition {
    const char *of, *control; /* names of experiments, or of entries that have seeds */
    const qg_job_pair *pair;  /* [n] a: of, b: control; their references are the same */
    int n;
} qg_job_decomposition;

/* Parameter-randomisation checks: of which explanations, and how. */
typedef struct qg_randomisation_options {
    bool wanted;
    bool *method, *experiment; /* [n_methods], [n_experiments] of the job */
    int64_t smooth;            /* disturbed texts that an explanation is averaged over; 0: none */
    double noise;              /* ... in standard deviations of the word table */
    int64_t bins;              /* of the histogram behind complexity */
    int64_t seed;              /* of what is drawn in place of the parameters */
} qg_randomisation_options;

/* What is explained, and how. */
typedef struct qg_explain_options {
    int n_methods; /* 0: nothing is explained */
    qg_method_spec *methods;
    int64_t per_class; /* texts of each class, 0: each label has a number of its own */
    int64_t of_class[QG_MAX_CLASSES]; /* texts of each class */
    bool correct_only;                /* ... that fp32 classifies right */
    bool divergent;                   /* ... and some precision otherwise than fp32 */
    int n_ids;                        /* 0: all of that; else the texts with these ids */
    const char *const *ids;
    int as;                 /* experiment whose texts those on its data set explain, or -1 */
    const qg_json *samples; /* where all this stands; NULL: nowhere */
    int64_t seed;           /* of the choice of texts, and of methods that draw */
    int target;             /* class, or QG_TARGET_... */
    qg_faithful_options faithful;
    qg_randomisation_options randomisation;
    int64_t floor_draws;
    bool
        internals; /* attention and the first token's states of the explained texts are looked at */
    int n_pairs;
    qg_job_pair *pairs;
} qg_explain_options;

/* "stress": data sets whose texts are perturbed, each way at each level. */
typedef struct qg_job_stress {
    int n_perturbations, n_levels; /* 0: nothing is */
    qg_perturbation perturbation[QG_PERTURBATIONS];
    double level[QG_MAX_LEVELS]; /* rising from 0 */
    int n_datasets;
    const int *dataset; /* [n_datasets] */
    const int *made; /* [n_datasets, n_perturbations, n_levels] data sets made from it; level 0 is
                      * one for all perturbations */
} qg_job_stress;

/* What the drift of explanations is judged by. */
typedef enum qg_against {
    QG_AGAINST_SEEDS, /* what two training seeds of the reference have in common, if it has any */
    QG_AGAINST_THRESHOLD /* the threshold */
} qg_against;

/* "recommend": which variants are judged, and by what. */
typedef struct qg_job_recommendation {
    bool wanted;
    qg_candidate threshold;
    int64_t k, batch_size; /* of the comprehensiveness and the latency that are judged */
    qg_against against;
    bool *experiment; /* [n_experiments] */
} qg_job_recommendation;

/* "sensitivity": each part of a model alone under a precision, the rest in fp32. */
typedef struct qg_sensitivity_options {
    bool wanted;
    bool *experiment, *precision, *method; /* of the job's, each as many as there are */
    int64_t texts;                         /* predicted; 0: all of the data set */
    int64_t per_class; /* explained of each class, of those of "explain"; 0: all of those */
    int64_t seed;      /* of the choice of texts that are predicted */
} qg_sensitivity_options;

typedef struct qg_job {
    qg_json_doc doc;
    const char *const *set; /* what replaced values of the file, as given; NULL if nothing */
    const char *path, *name, *output;
    const char *report; /* folder of the report that a finished run ends with; NULL: none */
    int64_t seed;
    int64_t max_length;  /* longest text in tokens, specials included */
    int64_t unit_tokens; /* size of a unit of work, in tokens */
    int64_t bootstrap;   /* resamples of the paired test */
    qg_absent absent;    /* rule of macro means for classes that are nowhere */
    int K;
    const char *const *labels; /* [K], NULL-terminated */
    int n_models, n_datasets, n_experiments, n_precisions;
    qg_job_model *models;
    qg_dataset_spec *datasets;
    const qg_json **dataset_nodes;
    int *
        dataset_source; /* data set that each is made from, before it; -1: it is read from a file */
    qg_experiment *experiments;
    qg_precision_spec *precisions;
    const qg_json **precision_nodes;
    qg_latency_options latency;
    qg_explain_options explain;
    qg_job_stress stress;
    qg_sensitivity_options sensitivity;
    int n_decompositions;
    qg_job_decomposition *decompositions;
    qg_job_margin margin;
    qg_job_recommendation recommend;
} qg_job;

extern const qg_opt_table qg_job_tables[]; /* of its objects */

/**
 * Reads a job file. Every mistake found is added to `problems`.
 *
 * @param set  NULL-terminated list of "/json/pointer=value" that replace values, or NULL
 * @return QG_OK, or QG_EJOB / QG_EIO / QG_EFORMAT with at least one problem. Local.
 */
qg_code qg_job_load(qg_job *out, qg_arena *a, const char *path, const char *const *set,
                    qg_problems *problems);

/** The experiment at the end of the references of `experiment`, itself where it has none; of one on
 *  perturbed texts, that on the same texts as they are. Its fp32 chooses the texts that are
 *  explained, and their class. */
int qg_job_root(const qg_job *job, int experiment);

/** The experiment whose predictions choose the texts that are explained in `experiment`: its root,
 *  unless "samples" names another one on these texts. */
int qg_job_chooser(const qg_job *job, int experiment);

/** Precision with which others are compared ("fp32" without options), or -1. */
int qg_job_reference(const qg_job *job);

#endif
