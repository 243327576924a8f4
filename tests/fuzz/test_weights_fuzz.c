/*
 * test_weights_fuzz.c - thousands of damaged copies of small valid checkpoints, from a fixed seed.
 *
 * Damage: bytes replaced by random or notable values, runs deleted, doubled or moved, tails cut.
 * Whatever comes out must be read without a crash or a sanitizer's complaint; if it is accepted,
 * every byte of every tensor must be readable, if not, the message must be there.
 */
#include "qt_torch.h"

#include "io/weights_internal.h"
#include "qgrid/rng.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4000 };

typedef qg_code parser(qg_weights *w, const char *path, const void *data, size_t size);

static uint64_t sum_of_bytes(const qg_weights *w)
{
    uint64_t sum = 0;
    for (int i = 0; i < w->n; i++) {
        const unsigned char *p = w->tensors[i].data;
        for (size_t k = 0; k < w->tensors[i].bytes; k++)
            sum += p[k];
        sum += strlen(w->tensors[i].name) + (uint64_t)qg_tensor_count(&w->tensors[i]);
    }
    return sum;
}

/* An exact heap copy, so that a read behind its end is seen. Returns whether it was accepted. */
static bool try_bytes(parser *parse, const qt_bytes *b)
{
    static volatile uint64_t sink;
    qg_arena *a = qg_arena_create((size_t)256 << 20);
    qg_weights *w = a ? qg_arena_alloc(a, 1, sizeof *w) : NULL;
    unsigned char *copy = malloc(b->n + 1);
    assert_true(w && copy);
    copy = realloc(copy, b->n ? b->n : 1);
    assert_non_null(copy);
    memcpy(copy, b->data, b->n);
    w->arena = a;
    w->file_count = 1;
    w->files[0] = "fuzz";
    qg_error_clear();
    qg_code rc = parse(w, "fuzz", copy, b->n);
    if (rc == QG_OK)
        rc = qg_weights_seal(w);
    if (rc == QG_OK)
        sink = sum_of_bytes(w);
    else
        assert_true(qg_error_last()->msg[0] && qg_error_last()->code == rc);
    (void)sink;
    free(copy);
    qg_arena_destroy(a);
    return rc == QG_OK;
}

static void damage(qt_bytes *b, qg_rng *r)
{
    static const unsigned char notable[] = {0,   1,   0x7f, 0x80, 0xff, '"', '{', '[', '.', 'R',
                                            'Q', '(', 't',  'h',  'q',  'b', 's', 'u', '0', '9'};
    if (b->n < 2)
        return;
    size_t at = qg_rng_below(r, b->n), left = b->n - at;
    size_t run = 1 + qg_rng_below(r, left < 16 ? left : 16);
    switch (qg_rng_below(r, 6)) {
    case 0:
        b->data[at] = (unsigned char)qg_rng_u32(r);
        break;
    case 1:
        b->data[at] = notable[qg_rng_below(r, sizeof notable)];
        break;
    case 2:
        b->data[at] ^= (unsigned char)(1u << qg_rng_below(r, 8));
        break;
    case 3: /* delete a run */
        memmove(b->data + at, b->data + at + run, left - run);
        b->n -= run;
        break;
    case 4: /* double a run */
        if (b->n + run <= sizeof b->data) {
            memmove(b->data + at + run, b->data + at, left);
            b->n += run;
        }
        break;
    default: /* copy a run elsewhere, or seldom cut the tail */
        if (qg_rng_below(r, 8) == 0)
            b->n = at;
        else
            memmove(b->data + qg_rng_below(r, b->n - run + 1), b->data + at, run);
    }
}

static void fuzz(parser *parse, const qt_bytes *good, const char *purpose)
{
    static qt_bytes b;
    int accepted = 0;
    assert_true(try_bytes(parse, good));
    for (int i = 0; i < ROUNDS; i++) {
        qg_rng r = qg_rng_make(1, purpose, (uint64_t)i);
        b = *good;
        for (uint64_t n = 1 + qg_rng_below(&r, 4); n > 0; n--)
            damage(&b, &r);
        accepted += try_bytes(parse, &b);
    }
    print_message("%s: %d of %d accepted\n", purpose, accepted, ROUNDS);
    assert_true(accepted < ROUNDS);
}

static qt_bytes good;

static void damaged_safetensors_never_crash(void **state)
{
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"\\u00e4\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[24,28]},"
        "\"e\":{\"dtype\":\"I64\",\"shape\":[0,4],\"data_offsets\":[28,28]}}";
    good.n = 0;
    qt_add_number(&good, sizeof header - 1, 8);
    qt_add(&good, header, sizeof header - 1);
    qt_add(&good, qt_torch_a, 24);
    qt_add(&good, qt_torch_h, 4);
    fuzz(qg_safetensors_parse, &good, "safetensors");
}

static void damaged_zip_files_never_crash(void **state)
{
    (void)state;
    qt_torch_zip(&good, QT_LITERAL(PKL_GOOD));
    fuzz(qg_torch_parse, &good, "zip");
}

/* Without checksums the damage reaches the unpickler and the views. */
static void damaged_zip_files_without_checksums_never_crash(void **state)
{
    (void)state;
    qt_torch_zip(&good, QT_LITERAL(PKL_GOOD));
    for (int i = 0; i < 4; i++)
        memset(good.data + qt_where(&good, "PK\1\2", 4, i) + 16, 0, 4);
    fuzz(qg_torch_parse, &good, "zip without checksums");
}

static void damaged_legacy_files_never_crash(void **state)
{
    (void)state;
    qt_torch_legacy(&good, QT_LITERAL(PKL_GOOD));
    fuzz(qg_torch_parse, &good, "legacy");
}

static void damaged_nested_protocol_4_files_never_crash(void **state)
{
    (void)state;
    static const char pickle[] =
        "\x80\x04\x95\x01\0\0\0\0\0\0\0}\x94(\x8c\5model" PKL_STATE "\x8c\5epochK\3"
        "\x8c\4list]\x94(K\1G\0\0\0\0\0\0\0\0\x8a\3\1\2\3e\x8c\5optim}\x94\x8c\1xh\0su.";
    qt_torch_legacy(&good, pickle, sizeof pickle - 1);
    fuzz(qg_torch_parse, &good, "nested");
}

/* Files that torch itself wrote. */
static void damaged_files_of_torch_never_crash(void **state)
{
    (void)state;
    static const char *const names[] = {"tricky_zip_proto4.bin", "tricky_nested_zip.bin",
                                        "tricky_nested_legacy.bin"};
    for (size_t i = 0; i < 3; i++) {
        char relative[128];
        snprintf(relative, sizeof relative, "model/bins/%s", names[i]);
        FILE *f = fopen(qt_golden(relative), "rb");
        assert_non_null(f);
        good.n = fread(good.data, 1, sizeof good.data, f);
        fclose(f);
        fuzz(qg_torch_parse, &good, names[i]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(damaged_safetensors_never_crash),
    cmocka_unit_test(damaged_zip_files_never_crash),
    cmocka_unit_test(damaged_zip_files_without_checksums_never_crash),
    cmocka_unit_test(damaged_legacy_files_never_crash),
    cmocka_unit_test(damaged_nested_protocol_4_files_never_crash),
    cmocka_unit_test(damaged_files_of_torch_never_crash),
};
QT_MAIN("weights fuzz", tests)
