/*
 * fuzz_encode.h - encodings of texts: their ids are of the vocabulary, their places of the text.
 */
#ifndef QGRID_FUZZ_ENCODE_H
#define QGRID_FUZZ_ENCODE_H

#include "fuzz.h"

#include "qgrid/str.h"
#include "qgrid/tokenizer.h"

#include <string.h>

static inline void fuzz_encode(const qg_tokenizer *t, qg_arena *a, const char *text, size_t len,
                               int limit)
{
    qg_mark m = qg_arena_mark(a);
    qg_encoding e;
    if (fuzz_worked(qg_tokenizer_encode(&e, t, a, text, len, limit))) {
        FUZZ_CHECK(limit == 0 || e.n <= limit);
        for (int i = 0; i < e.n; i++) {
            FUZZ_CHECK(e.ids[i] >= 0 && e.ids[i] < qg_tokenizer_size(t));
            FUZZ_CHECK(e.word[i] >= -1 && e.word[i] < e.n_words);
        }
        (void)fuzz_worked(qg_encoding_forms(&e, a, text, len));
    }
    qg_arena_release(a, m);
}

/** Texts of all kinds. */
static inline void fuzz_encode_samples(const qg_tokenizer *t, qg_arena *a)
{
    static const char other[] = "a\xcc\x81 \xc3\xa9\xe2\x80\x8d \xe4\xb8\xad\xe6\x96\x87 "
                                "\xf0\x9f\x98\xa3\xd7\xa9\xd7\x9c\xe2\x80\xae";
    static const char *const samples[] = {"", "Film ini bagus sekali, saya suka!", other,
                                          "[CLS] [UNK] [SEP] ##s unaffable"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fuzz_encode(t, a, samples[i], strlen(samples[i]), i % 2 ? 0 : 4);
    }
}

#endif
