/*
 * explain.h - what qgrid explain found out about a text, and the three ways it is shown.
 */
#ifndef QGRID_CLI_EXPLAIN_H
#define QGRID_CLI_EXPLAIN_H

#include "cli/terminal.h"

#include "qgrid/lines.h"
#include "qgrid/method.h"
#include "qgrid/tokenizer.h"

/* -------------------------------------------------------------------------------------- results */

/* One way of explaining: a method under a precision. */
typedef struct qg_explain_column {
    const char *precision, *method;
} qg_explain_column;

/* What all texts have in common. */
typedef struct qg_explain_study {
    const char *model;         /* as the user named it */
    const char *const *labels; /* [classes] */
    int classes;
    const qg_tokenizer *tokenizer;    /* NULL: explanations of a results file, without tokens */
    int precisions, methods, columns; /* columns = precisions x methods, precision by precision */
    const qg_explain_column *column;
} qg_explain_study;

/* What one column says of one text. */
typedef struct qg_explain_result {
    const double *probability; /* [classes] */
    int label;                 /* predicted class */
    int target;                /* explained class */
    const char *gradients;     /* "exact", "ste"; NULL: the method takes none */
    qg_explanation scores;
} qg_explain_result;

/* A word of the text; where there are only ids, its tokens put together. */
typedef struct qg_explain_word {
    const char *text;
    size_t len;
    int start, end; /* code points of the text; -1: there is no text */
} qg_explain_word;

typedef struct qg_explain_found {
    const char *name; /* for people: its id, "text 2", "reviews.txt:7" */
    const qg_line *line;
    const qg_encoding *code;
    const qg_explain_word *word;     /* [code->n_words] */
    const qg_explain_result *result; /* [columns] */
} qg_explain_found;

/* --------------------------------------------------------------------------------------- looking
 */

enum { QG_EXPLAIN_LEVELS = 5, QG_EXPLAIN_TOP = 15 };

/** Largest |score| of the words that have one. */
double qg_explain_most(const qg_explanation *e, int words);

/** -QG_EXPLAIN_LEVELS (against) .. QG_EXPLAIN_LEVELS (for): a score in steps of the largest. */
int qg_explain_level(double score, double most);

/** "+0.1234", in digits that fit scores up to `most`; "-" for a word without one. Returns out. */
char *qg_explain_number(char *out, size_t size, double score, double most);

/** The words that have a score, by falling |score|, equal ones as in the text; in the arena, *n of
 *  them. @errors QG_ENOMEM. Local. */
qg_code qg_explain_order(int **order, int *n, const qg_explanation *e, int words,
                         qg_arena *a) QG_MUST_USE;

/**
 * Spearman's rho of the scores of words that both columns have; NaN where it is not defined.
 * @errors QG_ENOMEM. Local.
 */
qg_code qg_explain_rho(double *rho, const qg_explain_found *t, int a, int b,
                       qg_arena *scratch) QG_MUST_USE;

/* --------------------------------------------------------------------------------------- showing
 */

/** One JSON object a column, one a line. */
void qg_explain_json(qg_str *out, const qg_explain_study *s, const qg_explain_found *t);

/**
 * Coloured words and bars of one column; several side by side, and with `bars` each by itself as
 * well. @errors QG_ENOMEM.
 */
qg_code qg_explain_terminal(qg_str *out, const qg_explain_study *s, const qg_explain_found *t,
                            const qg_terminal *how, bool bars, qg_arena *scratch) QG_MUST_USE;

/** A page of its own: the head, a section for each text, the end. @errors QG_ENOMEM. */
void qg_explain_page_begin(qg_str *out, const qg_explain_study *s);
qg_code qg_explain_page_text(qg_str *out, const qg_explain_study *s, const qg_explain_found *t,
                             qg_arena *scratch) QG_MUST_USE;
void qg_explain_page_end(qg_str *out);

/* Where all of it goes. */
typedef struct qg_explain_sink {
    const char *html; /* file of the page, or NULL */
    bool json;        /* else for people, unless there is a page */
    bool named;       /* above what people see stands which text it is */
    bool bars;
    qg_color color;
    /* its own: */
    qg_terminal terminal;
    qg_str page; /* the caller frees it */
    int texts;   /* shown so far */
} qg_explain_sink;

/** @errors QG_EIO (no page can be written there), QG_ENOMEM. Local. */
qg_code qg_explain_sink_begin(qg_explain_sink *o, const qg_explain_study *s,
                              qg_arena *a) QG_MUST_USE;

/** Whether somebody sees each answer as it comes. Local. */
bool qg_explain_is_watched(const qg_explain_sink *o);

/** @errors QG_EIO, QG_ENOMEM. Local. */
qg_code qg_explain_show(qg_explain_sink *o, const qg_explain_study *s, const qg_explain_found *t,
                        qg_arena *scratch) QG_MUST_USE;

/** Writes the page: not called where something went wrong. @errors QG_EIO, QG_ENOMEM. Local. */
qg_code qg_explain_sink_end(qg_explain_sink *o) QG_MUST_USE;

#endif
