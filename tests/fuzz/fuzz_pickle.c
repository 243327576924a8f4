/*
 * fuzz_pickle.c - single pickles, without and with what a checkpoint of torch may name.
 */
#include "fuzz_weights.h"

#include "io/pickle.h"

static const char before[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                             "\x80\x02M\xe9\x03."
                             "\x80\x02}X\15\0\0\0little_endian\x88s.";
static const char after[] = "\x80\x02]X\1\0\0\0"
                            "0a.\2\0\0\0\0\0\0\0\0\0\200?\0\0\0\300";

/* As the state of a legacy checkpoint that has one storage, of two floats. */
static void as_checkpoint(const uint8_t *data, size_t size)
{
    size_t n = sizeof before - 1 + size + sizeof after - 1;
    uint8_t *file = malloc(n);
    FUZZ_CHECK(file);
    memcpy(file, before, sizeof before - 1);
    memcpy(file + sizeof before - 1, data, size);
    memcpy(file + sizeof before - 1 + size, after, sizeof after - 1);
    fuzz_weights(qg_torch_parse, file, n);
    free(file);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_pickle_value v;
    size_t used;
    if (fuzz_worked(qg_pickle_load(&v, &used, a, "fuzz", NULL, data, size, NULL)))
        FUZZ_CHECK(used <= size && qg_pickle_kind_name(v.kind)[0]);
    qg_arena_destroy(a);
    as_checkpoint(data, size);
    return 0;
}
