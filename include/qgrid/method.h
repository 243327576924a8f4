/*
 * method.h - the methods of explanation by name: their options, what they need of a model, and one
 * call that explains many texts.
 *
 * A method is one file src/xai/methods/<name>.c and one line in src/xai/methods/methods.def. It
 * sees a qg_explainable and never BERT. All calls are local.
 */
#ifndef QGRID_METHOD_H
#define QGRID_METHOD_H

#include "qgrid/opt.h"
#include "qgrid/perturb.h"

/* What a method needs besides logits; a bit set. */
enum {
    QG_NEEDS_GRADIENTS = 1, /* embed, gradient and relevance: not of a packed folder */
    QG_NEEDS_ATTENTION = 2
};

/* The class that is explained: one of the model, or one of these. */
enum {
    QG_TARGET_REFERENCE = -1, /* what fp32 predicts: the same for all precisions */
    QG_TARGET_PREDICTED = -2  /* what the explained precision predicts */
};

/* A text to explain, and for which class. */
typedef struct qg_explain_text {
    uint64_t key;            /* names it in random streams: the same under every precision */
    const qg_encoding *code; /* n, ids, word, n_words, forms are looked at; offsets may be NULL */
    int32_t target;
} qg_explain_text;

/** The key of a text: the first 8 bytes of the SHA-256 of its ids. Equal texts see equal
 *  perturbations, wherever they stand. */
uint64_t qg_explain_key(const int32_t *ids, int64_t n);

/** Seed with which a text is explained once more, repeat 0, 1, ...: draws that have nothing to do
 * with those of any seed that a job names, nor with those of another repeat. */
uint64_t qg_explain_repeat_seed(uint64_t seed, int repeat);

/* What two units say together beyond what each says, named by the words of their first places, in
 * the order of the text: equal ones for two tokens of a word. */
typedef struct qg_interaction {
    int32_t first, second;
    double score;
} qg_interaction;

/* Scores of one text. Positional: a repeated word has a score at each place. */
typedef struct qg_explanation {
    double *token_score; /* [code->n] specials 0 */
    double *word_score;  /* [code->n_words] NaN for words that were cut off */
    double value;        /* explained output at the text; NaN where a method looks at none */
    double base;         /* value that the scores start from; NaN where there is none */
    double delta;        /* sum of token or unit scores - (value - base), or of sequential gradients
                          * - what each unit's absence costs; NaN: not additive */
    double fit;          /* weighted R2 of a surrogate; NaN for other methods */
    int64_t evaluations; /* texts run: perturbations asked for, nodes, draws */
    int64_t steps;       /* points of the path that gradients are summed along; -1: there is none */
    int reached; /* 1: completeness is within the tolerance asked for, 0: not; -1: none was asked
                    for */
    int pairs;   /* strongest first; 0 where the method gives none, or the text has none */
    qg_interaction *pair; /* [pairs] in the arena */
} qg_explanation;

/* What explains: one per batch of texts. */
typedef struct qg_explainer {
    const qg_explainable *model;
    qg_perturber *perturber; /* over the same model; results stay in it for the next method */
    qg_specials specials;
    qg_arena *arena; /* of results and scratch: the caller releases it */
} qg_explainer;

typedef struct qg_method {
    const char *name; /* in job files */
    const char *summary;
    const char *paper;     /* "Sundararajan, Taly, Yan, ICML 2017, arXiv:1703.01365" */
    unsigned needs;        /* QG_NEEDS_... */
    const qg_opt *options; /* rows over a struct of `size` bytes: numbers, booleans, enums */
    size_t size;
    /** What ranges of single options cannot say; NULL: nothing. @errors QG_EJOB. */
    qg_code (*check)(const void *options);
    /** Forward passes of one text of so many words, a backward pass counted as two more. */
    double (*cost)(const void *options, int words);
    bool random;  /* another seed gives other scores */
    bool control; /* it looks at no model: tests of it are in no family */
    /** Most pairs of units that a text gets. NULL: it gives scores to single ones alone. */
    int (*pairs)(const void *options);
    /** Fills out [n] of texts [n]: token scores are there as 0, word scores and numbers as NaN. */
    qg_code (*explain)(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *options, uint64_t seed);
} qg_method;

/** Alias i of the registry and the name of the method that it stands for; NULL behind the last. */
const char *qg_method_alias(const char **of, int i);

/** The method's own name, where this is an alias; else the name itself, known or not. Local. */
const char *qg_method_own_name(const char *name);

/** A cell's name, or a glob of such names, with methods' own names in the place of aliases; arena,
 *  NULL when out of memory. Local. */
const char *qg_method_cells(qg_arena *a, const char *glob);

/** NULL-terminated registry, and one by name or alias (NULL if unknown). */
extern const qg_method *const qg_methods[];
const qg_method *qg_method_find(const char *name);

/* An entry of a job's "methods": "lime", or {"method": "lime", "name": "lime_5000", ...options}. */
typedef struct qg_method_spec {
    const char *name; /* in cell names: "name" of the object, or the method's */
    const qg_method *method;
    const void *options;
    const char
        *canonical; /* {"method": ..., all options as they are used}: for keys, and to send */
} qg_method_spec;

/** The entry of a list that has this name in cells, or is the method of which it is an alias; -1:
 *  none. Local. */
int qg_method_spec_find(const qg_method_spec *list, int n, const char *name);

/** Most pairs of units that a text gets from a method with its options. Local. */
int qg_method_pairs(const qg_method_spec *spec);

/**
 * Reads an entry in the arena of `problems`; mistakes are collected (unknown names with the nearest
 * one, options out of range). Local.
 */
qg_code qg_method_spec_read(qg_method_spec *out, const qg_json_doc *doc, const qg_json *v,
                            qg_problems *problems);

/** Back from the canonical text; the name is then the method's. @errors QG_EJOB, QG_EFORMAT. */
qg_code qg_method_spec_parse(qg_method_spec *out, qg_arena *a, const char *canonical) QG_MUST_USE;

/**
 * Explains texts [n] with a method, score arrays of out [n] in e->arena: results have the same bits
 * whatever texts are explained together. While they run, gradient methods hold 16 bytes a number of
 * the tokens' vectors; what perturbation methods keep is said in perturb.h.
 *
 * @errors those of the model, QG_EUNSUPPORTED (the model lacks what the method needs), QG_ENUMERIC
 *         (a score that is no number), QG_ENOMEM. Local.
 */
qg_code qg_explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text, int n,
                   const qg_method_spec *spec, uint64_t seed) QG_MUST_USE;

#endif
