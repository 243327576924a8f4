/*
 * test_weights.c - checkpoints written by torch and safetensors hold what their twins hold.
 */
#include "qt.h"

#include "qgrid/weights.h"

#include <stdlib.h>
#include <string.h>

static qg_weights *open_golden(const char *relative)
{
    qg_weights *w;
    qt_ok(qg_weights_open(&w, qt_golden(relative)));
    return w;
}

static void check_tensor(const qg_tensor *got, const qg_tensor *want)
{
    if (!got)
        fail_msg("tensor %s is missing", want->name);
    if (got->dtype != want->dtype)
        fail_msg("%s is %s, want %s", want->name, qg_dtype_name(got->dtype),
                 qg_dtype_name(want->dtype));
    qt_eq(want->name, got->ndim, want->ndim);
    qt_same(want->name, got->shape, want->shape, (size_t)want->ndim, sizeof want->shape[0]);
    qt_eq(want->name, (long long)got->bytes, (long long)want->bytes);
    qt_same(want->name, got->data, want->data, want->bytes, 1);
}

/* Every tensor of `want` is in `got`; `more` others are there besides. */
static void check_equal(const char *got_path, const char *want_path, int more)
{
    qg_weights *got = open_golden(got_path), *want = open_golden(want_path);
    qt_eq("tensors", qg_weights_count(got), qg_weights_count(want) + more);
    for (int i = 0; i < qg_weights_count(want); i++) {
        const qg_tensor *t = qg_weights_at(want, i);
        check_tensor(qg_weights_find(got, t->name), t);
    }
    qg_weights_close(got);
    qg_weights_close(want);
}

#define BINS "model/bins/"
#define TINY "model/tiny_a/"

static void tied_strided_and_typed_tensors_of_a_zip(void **state)
{
    (void)state;
    check_equal(BINS "tricky_zip.bin", BINS "tricky_expected.safetensors", 0);
}

static void tied_strided_and_typed_tensors_of_a_legacy_file(void **state)
{
    (void)state;
    check_equal(BINS "tricky_legacy.bin", BINS "tricky_expected.safetensors", 0);
}

static void pickle_protocol_4(void **state)
{
    (void)state;
    check_equal(BINS "tricky_zip_proto4.bin", BINS "tricky_expected.safetensors", 0);
}

static void a_state_dict_beside_other_objects(void **state)
{
    (void)state;
    check_equal(BINS "tricky_nested_zip.bin", BINS "tricky_expected.safetensors", 0);
    check_equal(BINS "tricky_nested_legacy.bin", BINS "tricky_expected.safetensors", 0);
}

static void tied_weights_share_their_bytes(void **state)
{
    (void)state;
    qg_weights *w = open_golden(BINS "tricky_zip.bin");
    const qg_tensor *a = qg_weights_find(w, "bert.embeddings.word_embeddings.weight");
    const qg_tensor *b = qg_weights_find(w, "cls.predictions.decoder.weight");
    const qg_tensor *rows = qg_weights_find(w, "view.rows3to7");
    assert_true(a && b && rows);
    assert_ptr_equal(a->data, b->data);
    assert_ptr_equal(rows->data, (const char *)a->data + 3 * 12 * 4);
    qg_weights_close(w);
}

/* The .bin files also hold position_ids. */
static void a_model_in_three_formats(void **state)
{
    (void)state;
    check_equal(TINY "pytorch_model.bin", TINY "model.safetensors", 1);
    check_equal(TINY "pytorch_model.legacy.bin", TINY "model.safetensors", 1);
}

/* tiny_b: unaligned, in random order, without metadata. */
static void an_unaligned_safetensors_file(void **state)
{
    (void)state;
    qg_weights *w = open_golden("model/tiny_b");
    int odd = 0;
    qt_eq("tensors", qg_weights_count(w), 74);
    for (int i = 0; i < qg_weights_count(w); i++) {
        const qg_tensor *t = qg_weights_at(w, i);
        odd += (uintptr_t)t->data % 4 != 0;
        if (t->dtype != QG_F32)
            continue;
        float *x = malloc(t->bytes);
        assert_non_null(x);
        qg_tensor_to_f32(x, t);
        for (int64_t k = 0; k < qg_tensor_count(t); k++)
            if (!(x[k] > -100.0f && x[k] < 100.0f))
                fail_msg("%s[%lld] is %g", t->name, (long long)k, (double)x[k]);
        free(x);
    }
    assert_true(odd > 0);
    const qg_tensor *ids = qg_weights_find(w, "bert.embeddings.position_ids");
    assert_non_null(ids);
    for (int64_t i = 0; i < qg_tensor_count(ids); i++) {
        int64_t v;
        memcpy(&v, (const char *)ids->data + 8 * i, 8);
        qt_eq("position", v, i);
    }
    qg_weights_close(w);
}

/* What the writer makes of a real model holds the same tensors. */
static void a_rewritten_model(void **state)
{
    (void)state;
    qg_weights *got, *want = open_golden("model/tiny_b");
    const char *path = qt_tmp("again.safetensors");
    qt_ok(qg_safetensors_write(path, qg_weights_at(want, 0), qg_weights_count(want), NULL));
    qt_ok(qg_weights_open(&got, path));
    for (int i = 0; i < qg_weights_count(want); i++) {
        assert_string_equal(qg_weights_at(got, i)->name, qg_weights_at(want, i)->name);
        check_tensor(qg_weights_at(got, i), qg_weights_at(want, i));
    }
    qg_weights_close(got);
    qg_weights_close(want);
}

static void half_precision_copies_are_the_rounded_model(void **state)
{
    (void)state;
    qg_weights *w = open_golden(TINY "model.safetensors");
    qg_weights *half = open_golden("quant/tiny_a.model_fp16.safetensors");
    qg_weights *brain = open_golden("quant/tiny_a.model_bf16.safetensors");
    for (int i = 0; i < qg_weights_count(w); i++) {
        const qg_tensor *t = qg_weights_at(w, i);
        const qg_tensor *h = qg_weights_find(half, t->name), *b = qg_weights_find(brain, t->name);
        assert_true(h && b && h->dtype == QG_F16 && b->dtype == QG_BF16);
        for (int64_t k = 0; k < qg_tensor_count(t); k++) {
            float x;
            uint16_t hk, bk;
            memcpy(&x, (const char *)t->data + 4 * k, 4);
            memcpy(&hk, (const char *)h->data + 2 * k, 2);
            memcpy(&bk, (const char *)b->data + 2 * k, 2);
            qt_eq(t->name, qg_f32_to_f16(x), hk);
            qt_eq(t->name, qg_f32_to_bf16(x), bk);
        }
    }
    qg_weights_close(w);
    qg_weights_close(half);
    qg_weights_close(brain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tied_strided_and_typed_tensors_of_a_zip),
    cmocka_unit_test(tied_strided_and_typed_tensors_of_a_legacy_file),
    cmocka_unit_test(pickle_protocol_4),
    cmocka_unit_test(a_state_dict_beside_other_objects),
    cmocka_unit_test(tied_weights_share_their_bytes),
    cmocka_unit_test(a_model_in_three_formats),
    cmocka_unit_test(an_unaligned_safetensors_file),
    cmocka_unit_test(a_rewritten_model),
    cmocka_unit_test(half_precision_copies_are_the_rounded_model),
};
QT_GOLDEN_MAIN("weights golden", tests)
