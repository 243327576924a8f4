/*
 * vocab_train.h - a WordPiece vocabulary from texts.
 *
 * Words are cut as the tokenizer cuts them (cleaned, lower-cased, punctuation and CJK alone), each
 * into its characters, "k ##u ##c ##i ##n ##g". Then the most frequent pair of neighbours is joined
 * to a new piece, again and again, until the vocabulary is full: the score of a pair is its number
 * of occurrences (byte-pair encoding; Sennrich, Haddow, Birch, ACL 2016, arXiv:1508.07909), as in
 * Hugging Face's trainer of BERT vocabularies, not the likelihood of Schuster and Nakajima (ICASSP
 * 2012). Equally frequent pairs: the one whose pieces are the older ones. So equal texts, in any
 * order, give equal vocabularies.
 */
#ifndef QGRID_VOCAB_TRAIN_H
#define QGRID_VOCAB_TRAIN_H

#include "qgrid/arena.h"

#include <stdbool.h>

typedef struct qg_vocab_options {
    int size;     /* entries at most, with the 5 specials; fewer when nothing is left to join */
    int alphabet; /* characters at most: the most frequent ones; words with others are left out
                   * (the tokenizer makes them [UNK]) */
    int min_character; /* occurrences of a character of the alphabet */
    int min_pair;      /* occurrences of a pair that is joined */
    bool lower_case;   /* and without accents */
} qg_vocab_options;

/* 30,000 entries, 1,000 characters that occur at all, pairs that occur twice, lower case. */
extern const qg_vocab_options qg_vocab_options_default;

/* Counts words, then joins pieces of them. */
typedef struct qg_vocab_trainer qg_vocab_trainer;

/** In the arena. @errors QG_ENOMEM. Local. */
qg_code qg_vocab_trainer_make(qg_vocab_trainer **out, qg_arena *a,
                              const qg_vocab_options *options) QG_MUST_USE;

/** Counts the words of a text of valid UTF-8. @errors QG_ENOMEM. Local. */
qg_code qg_vocab_trainer_add(qg_vocab_trainer *t, const char *text, size_t len) QG_MUST_USE;

/**
 * Builds the vocabulary: [PAD] [UNK] [CLS] [SEP] [MASK], the characters by code point (each as the
 * beginning of a word, then as "##" continuation, where it occurs so), then joined pieces by age.
 *
 * @param[out] token  [*n] in the arena
 * @errors QG_EUSAGE when the size does not hold the alphabet, QG_EFORMAT when there was no word,
 *         QG_ENOMEM. Local.
 */
qg_code qg_vocab_trainer_finish(const char *const **token, int *n, qg_vocab_trainer *t) QG_MUST_USE;

/* What was seen. */
typedef struct qg_vocab_count {
    int64_t words, distinct, left_out; /* words; different ones; words with a rare character */
    int characters;                    /* of the alphabet */
} qg_vocab_count;
qg_vocab_count qg_vocab_trainer_count(const qg_vocab_trainer *t);

#endif
