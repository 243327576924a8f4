/*
 * fuzz_tokenizer.c - tokenizer.json alone, and the same bytes as each of the other files beside a
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

static void beside(const char *dir, const char *file, const char *words, const uint8_t *data,
                   size_t size)
{
    FUZZ_CHECK(qg_mkdirs(fuzz_path(dir)) == QG_OK);
    fuzz_write(words, vocab, sizeof vocab - 1);
    fuzz_write(file, data, size);
    load(fuzz_path(dir));
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    FUZZ_CHECK(qg_mkdirs(fuzz_path("fast")) == QG_OK);
    fuzz_write("fast/tokenizer.json", data, size);
    load(fuzz_path("fast"));
    beside("config", "config/tokenizer_config.json", "config/vocab.txt", data, size);
    beside("map", "map/special_tokens_map.json", "map/vocab.txt", data, size);
    beside("added", "added/added_tokens.json", "added/vocab.txt", data, size);
    return 0;
}
