/*
 * reader.h - reading a job file: what its parts share.
 */
#ifndef QGRID_JOB_READER_H
#define QGRID_JOB_READER_H

#include "qgrid/job.h"

typedef struct qg_job_reader {
    qg_job *job;
    const qg_json_doc *doc; /* the job's */
    qg_arena *arena;
    qg_problems *problems;
} qg_job_reader;

/* Rows of the objects of a job. */
extern const qg_opt qg_job_folder_opts[], qg_job_train_opts[];
extern const qg_opt qg_job_experiment_opts[], qg_job_decompose_opts[];
extern const qg_opt qg_job_explain_opts[], qg_job_samples_opts[], qg_job_faithfulness_opts[];
extern const qg_opt qg_job_randomisation_opts[], qg_job_stress_opts[];
extern const qg_opt qg_job_recommend_opts[];
extern const qg_opt qg_job_sensitivity_opts[], qg_job_sensitivity_samples_opts[];

/** Whether `name`, which `v` gives to something, can be part of cell names and of paths in the
 *  results file; else a problem is noted. */
bool qg_job_check_name(qg_job_reader *r, const qg_json *v, const char *name);

/** Whether `v` (may be NULL) is a non-empty object or array, as asked; else a problem is noted. */
bool qg_job_check_members(qg_job_reader *r, const qg_json *v, qg_json_type type);

/** Reads "models": after labels and data sets, which trainings use. @errors QG_ENOMEM. */
qg_code qg_job_read_models(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Reads "experiments", with their references: after models and data sets. @errors QG_ENOMEM. */
qg_code qg_job_read_experiments(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** The experiments of the entry that a text names; NULL, with a problem noted, where there is no
 *  such entry. Any others that are read later move them. */
const qg_seed_group *qg_job_experiments(qg_job_reader *r, const qg_json *v);

/** Whether two entries have the same seeds, one behind the other; without seeds any will do. */
bool qg_job_same_seeds(const qg_job *job, const qg_seed_group *a, const qg_seed_group *b);

/** Adds experiments on a data set: one with the model, or one for each seed of the models, named
 *  NAME or NAME_sSEED; node: for messages. @errors QG_ENOMEM. */
qg_code qg_job_add_experiments(qg_job_reader *r, const qg_json *node, const char *name,
                               const qg_seed_group *models, int dataset) QG_MUST_USE;

/** Adds a data set of the job; of what it is made from, -1: a file, the path is taken over.
 *  @errors QG_ENOMEM. */
qg_code qg_job_add_dataset(qg_job_reader *r, const qg_dataset_spec *spec, const qg_json *node,
                           int source) QG_MUST_USE;

/** Reads "stress" (NULL: none) and adds its data sets: after the other data sets.
 *  @errors QG_ENOMEM. */
qg_code qg_job_read_stress(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Adds the experiments on them: after the other experiments. @errors QG_ENOMEM. */
qg_code qg_job_add_stressed(qg_job_reader *r) QG_MUST_USE;

/** Reads "decompose" (NULL: none): after "explain". @errors QG_ENOMEM. */
qg_code qg_job_read_decompositions(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Reads "explain" (NULL: none): after labels, experiments and precisions. @errors QG_ENOMEM. */
qg_code qg_job_read_explain(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Reads "samples" of "explain" (NULL: defaults). @errors QG_ENOMEM. */
qg_code qg_job_read_samples(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Reads "randomisation" of "explain" (NULL: none): after methods. @errors QG_ENOMEM. */
qg_code qg_job_read_randomisation(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Reads "recommend" (NULL: none): after "explain" and "latency". @errors QG_ENOMEM. */
qg_code qg_job_read_recommend(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/** Reads "sensitivity" (NULL: none): after "explain". @errors QG_ENOMEM. */
qg_code qg_job_read_sensitivity(qg_job_reader *r, const qg_json *v) QG_MUST_USE;

/* Lists of names of what the job has: those named are set in `chosen`, which is as long as the
 * job's own list. v NULL: `all` of the methods or none, all experiments, all precisions but that
 * which others are compared with. */
void qg_job_choose_methods(bool *chosen, qg_job_reader *r, const qg_json *v, bool all);
void qg_job_choose_experiments(bool *chosen, qg_job_reader *r, const qg_json *v);
void qg_job_choose_precisions(bool *chosen, qg_job_reader *r, const qg_json *v);

/** Notes that `at` names no member of `list` (NULL: empty); nothing when it does. */
void qg_job_unknown_name(qg_job_reader *r, const qg_json *at, const qg_json *list,
                         const char *what);

/** The data set that a value names, or -1. */
int qg_job_dataset(const qg_job *job, const qg_json *v);

#endif
