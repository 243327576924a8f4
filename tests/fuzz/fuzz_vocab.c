/*
 * fuzz_vocab.c - vocab.txt: a tokenizer that encodes every text, its own file among them.
 */
#include "fuzz_encode.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_tokenizer *t;
    const char *dir = fuzz_path("vocab");
    FUZZ_CHECK(qg_mkdirs(dir) == QG_OK);
    fuzz_write("vocab/vocab.txt", data, size);
    if (fuzz_worked(qg_tokenizer_load(&t, a, dir))) {
        fuzz_encode_samples(t, a);
        fuzz_encode(t, a, (const char *)data, qg_utf8_check((const char *)data, size), 512);
        for (int i = 0; i < qg_tokenizer_size(t); i++) {
            bool continues;
            const char *token = qg_tokenizer_token(t, i);
            if (token && token[0] && qg_tokenizer_piece(t, i, &continues))
                FUZZ_CHECK(qg_tokenizer_id(t, token) >= i);
        }
    }
    qg_arena_destroy(a);
    return 0;
}
