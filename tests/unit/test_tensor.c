/*
 * test_tensor.c - element types: every half, rounding of every kind of float, unaligned tensors.
 */
#include "qt.h"

#include "qgrid/tensor.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static void dtypes_are_found_by_their_safetensors_names(void **state)
{
    (void)state;
    qg_dtype t;
    for (int i = 0; i < QG_DTYPE_COUNT; i++) {
        assert_true(qg_dtype_find(&t, qg_dtype_name((qg_dtype)i)));
        qt_eq("dtype", t, i);
    }
    qt_eq("BF16", (long long)qg_dtype_size(QG_BF16), 2);
    qt_eq("I64", (long long)qg_dtype_size(QG_I64), 8);
    assert_false(qg_dtype_find(&t, "f32"));
    assert_false(qg_dtype_find(&t, "F9"));
}

/* The definition of binary16, straight from its fields. */
static double half_value(unsigned h)
{
    int exponent = (int)(h >> 10 & 31), fraction = (int)(h & 1023);
    double sign = h & 0x8000 ? -1 : 1;
    if (exponent == 31)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static void every_half_is_its_definition_and_comes_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        float x = qg_f16_to_f32((uint16_t)h);
        double want = half_value(h);
        if (isnan(want)) {
            assert_true(isnan(x));
            qt_eq("quiet nan", qg_f32_to_f16(x), h | 0x200);
            continue;
        }
        if (!((double)x == want) || !signbit(x) != !signbit(want))
            fail_msg("half %04x is %g, want %g", h, (double)x, want);
        qt_eq("half", qg_f32_to_f16(x), h);
    }
}

static void every_bfloat16_comes_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        float x = qg_bf16_to_f32((uint16_t)h);
        qt_eq("bits", bits_of(x), (long long)h << 16);
        qt_eq("bfloat16", qg_f32_to_bf16(x), isnan(x) ? h | 0x40 : h);
    }
}

/* Between two neighbours: below the middle down, above it up, in the middle to the even one. */
static void rounding_is_to_nearest_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7bff; h++) {
        double lo = half_value(h), hi = half_value(h + 1);
        float middle = (float)((lo + hi) / 2);
        qt_eq("middle", qg_f32_to_f16(middle), h & 1 ? h + 1 : h);
        qt_eq("below", qg_f32_to_f16(nextafterf(middle, 0)), h);
        qt_eq("above", qg_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
        qt_eq("negative", qg_f32_to_f16(-middle), (h & 1 ? h + 1 : h) | 0x8000);
    }
    for (unsigned h = 0; h < 0x7f80; h++) {
        float middle = float_of((uint32_t)h << 16 | 0x8000);
        qt_eq("middle", qg_f32_to_bf16(middle), h & 1 ? h + 1 : h);
        qt_eq("below", qg_f32_to_bf16(nextafterf(middle, 0)), h);
        qt_eq("above", qg_f32_to_bf16(nextafterf(middle, INFINITY)), h + 1);
    }
}

static void overflow_is_infinite_and_underflow_is_zero(void **state)
{
    (void)state;
    qt_eq("65519.996", qg_f32_to_f16(nextafterf(65520.0f, 0)), 0x7bff);
    qt_eq("65520", qg_f32_to_f16(65520.0f), 0x7c00);
    qt_eq("largest", qg_f32_to_f16(-3.4e38f), 0xfc00);
    qt_eq("infinity", qg_f32_to_f16(INFINITY), 0x7c00);
    qt_eq("2^-25", qg_f32_to_f16(0x1p-25f), 0);
    qt_eq("above 2^-25", qg_f32_to_f16(0x1.000002p-25f), 1);
    qt_eq("-0", qg_f32_to_f16(-0.0f), 0x8000);
    qt_eq("smallest f32", qg_f32_to_f16(float_of(1)), 0);
    qt_eq("nan", qg_f32_to_f16(float_of(0x7f800001)), 0x7e00);
    qt_eq("bf16 overflow", qg_f32_to_bf16(float_of(0x7f7fffff)), 0x7f80);
    qt_eq("bf16 infinity", qg_f32_to_bf16(-INFINITY), 0xff80);
    qt_eq("bf16 nan", qg_f32_to_bf16(float_of(0x7f800001)), 0x7fc0);
    qt_eq("bf16 subnormal", qg_f32_to_bf16(float_of(0x00018001)), 2);
}

static void shapes_read_like_lists(void **state)
{
    (void)state;
    char text[64];
    assert_string_equal(qg_shape_text(text, sizeof text, (int64_t[]){768, 3072}, 2), "[768, 3072]");
    assert_string_equal(qg_shape_text(text, sizeof text, (int64_t[]){5}, 1), "[5]");
    assert_string_equal(qg_shape_text(text, sizeof text, NULL, 0), "[]");
    assert_string_equal(qg_shape_text(text, 8, (int64_t[]){768, 3072}, 2), "[768, 3");
}

#define AS_F32(tag, type, ...)                                                                     \
    do {                                                                                           \
        const type v[] = {__VA_ARGS__};                                                            \
        unsigned char raw[1 + sizeof v];                                                           \
        memcpy(raw + 1, v, sizeof v);                                                              \
        qg_tensor t = {"t", tag, 1, {(int64_t)(sizeof v / sizeof v[0])}, raw + 1, sizeof v};       \
        qg_tensor_to_f32(got, &t);                                                                 \
    } while (0)

static void tensors_of_any_type_convert_from_any_address(void **state)
{
    (void)state;
    float got[4];
    AS_F32(QG_BOOL, uint8_t, 0, 1, 7);
    qt_same("bool", got, (float[]){0, 1, 1}, 3, 4);
    AS_F32(QG_U8, uint8_t, 0, 200);
    qt_same("u8", got, (float[]){0, 200}, 2, 4);
    AS_F32(QG_I8, int8_t, -128, 127);
    qt_same("i8", got, (float[]){-128, 127}, 2, 4);
    AS_F32(QG_I16, int16_t, -32768, 5);
    qt_same("i16", got, (float[]){-32768, 5}, 2, 4);
    AS_F32(QG_I32, int32_t, -7, 16777217);
    qt_same("i32", got, (float[]){-7, 16777216}, 2, 4);
    AS_F32(QG_I64, int64_t, 1LL << 40, -3);
    qt_same("i64", got, (float[]){0x1p40f, -3}, 2, 4);
    AS_F32(QG_F16, uint16_t, 0x3c00, 0xc000);
    qt_same("f16", got, (float[]){1, -2}, 2, 4);
    AS_F32(QG_BF16, uint16_t, 0x3f80, 0xc000);
    qt_same("bf16", got, (float[]){1, -2}, 2, 4);
    AS_F32(QG_F32, float, 1.5f, -0.0f);
    qt_same("f32", got, (float[]){1.5f, -0.0f}, 2, 4);
    AS_F32(QG_F64, double, 0.1, 1e300);
    qt_same("f64", got, (float[]){0.1f, INFINITY}, 2, 4);

    qg_tensor scalar = {.name = "s", .dtype = QG_F32, .data = (float[]){2.5f}, .bytes = 4};
    qt_eq("count", qg_tensor_count(&scalar), 1);
    qg_tensor_to_f32(got, &scalar);
    qt_close("scalar", (double)got[0], 2.5, 0, 0);
    qg_tensor empty = {.name = "e", .ndim = 2, .shape = {3, 0}};
    qt_eq("count", qg_tensor_count(&empty), 0);
    qg_tensor_to_f32(got, &empty);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(dtypes_are_found_by_their_safetensors_names),
    cmocka_unit_test(every_half_is_its_definition_and_comes_back),
    cmocka_unit_test(every_bfloat16_comes_back),
    cmocka_unit_test(rounding_is_to_nearest_even),
    cmocka_unit_test(overflow_is_infinite_and_underflow_is_zero),
    cmocka_unit_test(shapes_read_like_lists),
    cmocka_unit_test(tensors_of_any_type_convert_from_any_address),
};
QT_MAIN("tensor", tests)
