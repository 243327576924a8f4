/*
 * fuzz_tokenizer.c - tokenizer.json alone, and the same bytes as tokenizer_config.json beside a
 * vocabulary.
 */
#include "fuzz_encode.h"

#include "qgrid/file.h"

static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##s\nfilm\nun\n##aff\n##able\n";

static void load(const char *dir)
{
    qg_arena *a = fuzz_arena();
    qg_tokenizer *t;
    if (fuzz_worked(qg_tokenizer_load(&t, a, dir)))
        fuzz_encode_samples(t, a);
    qg_arena_destroy(a);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    FUZZ_CHECK(qg_mkdirs(fuzz_path("fast")) == QG_OK);
    fuzz_write("fast/tokenizer.json", data, size);
    load(fuzz_path("fast"));
    FUZZ_CHECK(qg_mkdirs(fuzz_path("slow")) == QG_OK);
    fuzz_write("slow/vocab.txt", vocab, sizeof vocab - 1);
    fuzz_write("slow/tokenizer_config.json", data, size);
    load(fuzz_path("slow"));
    return 0;
}
