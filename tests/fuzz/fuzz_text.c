/*
 * fuzz_text.c - texts: checked as UTF-8, cleaned as data sets are, and encoded.
 */
#include "fuzz_encode.h"

#include "qgrid/file.h"
#include "qgrid/normalize.h"

static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nb\n##b\ns\n##s\ne\n##e\n!\n"
    "\xe4\xb8\xad\n\xc3\xa9\n##\xc3\xa9\n";

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_tokenizer *t;
    const char *text = (const char *)data;
    size_t valid = qg_utf8_check(text, size);
    FUZZ_CHECK(valid <= size);
    FUZZ_CHECK(qg_mkdirs(fuzz_path("text")) == QG_OK);
    fuzz_write("text/vocab.txt", vocab, sizeof vocab - 1);
    FUZZ_CHECK(qg_tokenizer_load(&t, a, fuzz_path("text")) == QG_OK);
    fuzz_encode(t, a, text, valid, 0);
    fuzz_encode(t, a, text, valid, 8);
    qg_arena_destroy(a);
    return 0;
}
