/*
 * explain_message.h - what is said of explanations between rank 0 and a rank that makes them.
 *
 *   how, number of texts, of each a qg_explain_asked, ids, words, forms of words and runs
 *   -> kind of gradients, of each text qg_explain_counts, qg_explain_numbers, the scores of tokens,
 *      those of words, if the method gives pairs their number and a qg_explain_pair each, those of
 *      words once more for each repeat, and a qg_faithful if something was measured
 */
#ifndef QGRID_EXPLAIN_MESSAGE_H
#define QGRID_EXPLAIN_MESSAGE_H

#include "qgrid/explained.h"
#include "qgrid/faithfulness_of.h"
#include "unit.h"

/* How texts are explained. */
typedef struct qg_explain_how {
    const char *method; /* canonical */
    int64_t seed;
    int64_t repeats; /* how often once more, each time with another seed */
    qg_specials specials;
    qg_faithful_options faithful;
} qg_explain_how;

typedef struct qg_explain_asked {
    uint64_t key;
    int64_t n, words; /* tokens, and words that have some */
    int64_t target;
} qg_explain_asked;

typedef struct qg_explain_counts {
    int64_t predicted, evaluations, steps, reached;
} qg_explain_counts;

typedef struct qg_explain_numbers {
    double value, base, delta, fit;
} qg_explain_numbers;

typedef struct qg_explain_pair {
    int64_t first, second;
    double score;
} qg_explain_pair;

/** Forward passes that a text of so many words takes. */
typedef double qg_explain_passes(const qg_plan *p, const qg_cell *c, int words);

/** Cuts a task over explained texts. Texts of a unit share batches: as many as fill some of them.
 *  @errors QG_ENOMEM. */
qg_code qg_explain_cut(qg_plan *p, qg_arena *a, int task, qg_explain_passes *passes_of) QG_MUST_USE;

/** Puts the texts of a unit that are explained, or those of so many slots of the experiment of a
 * cell, and takes them from the unit's assignment; the texts come last. @errors QG_ENOMEM, QG_EBUG.
 */
qg_code qg_explain_put_texts(qg_str *out, qg_results *r, int unit) QG_MUST_USE;
qg_code qg_explain_put_slots(qg_str *out, qg_results *r, const qg_cell *c, const int64_t *slot,
                             int64_t n) QG_MUST_USE;
qg_code qg_explain_get_texts(qg_explain_text **text, qg_encoding **code, int *n,
                             qg_work_unit *u) QG_MUST_USE;

/** The tasks whose predictions say which texts are explained, and for which class. */
void qg_explain_needs(int need[QG_MOST_NEEDS], const qg_plan *p, const qg_plan_task *t);

/** The texts that are explained, and the class [slots] of each, where a result is stored;
 * r->scratch.
 *  @errors QG_ESTORE, QG_ENOMEM. */
qg_code qg_explain_rows(qg_explained *rows, int32_t **target, qg_results *r,
                        const qg_cell *c) QG_MUST_USE;

/** Takes numbers [n]; undefined ones get one bit pattern, whichever processor found it out. */
void qg_explain_get_numbers(double *out, qg_reader *in, int64_t n);

/** Stores what came back for a unit; *sum is its checksum. */
qg_code qg_explain_store(uint64_t *sum, qg_results *r, int unit,
                         const qg_work_result *result) QG_MUST_USE;

/** Checksum of slots first .. first + count - 1; group: "/attributions/...". */
qg_code qg_explain_checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group,
                            int64_t first, int64_t count) QG_MUST_USE;

#endif
