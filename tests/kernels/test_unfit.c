/*
 * test_unfit.c - NaN and infinity, in every place of a row: no maximum forgets them, whatever the
 * instruction set.
 */
#include "kt.h"

#include <math.h>

#define FN(op) __typeof__(((qg_kernels *)0)->op)

static const int sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 200};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Rows of every size up to a few vectors with one value that is not finite, in every place. */
static const float unfit[] = {NAN, -NAN, INFINITY, -INFINITY};

#define EACH_UNFIT(x, k)                                                                           \
    for (int i_ = 0, k = sizes[0]; i_ < SIZES; i_++, k = sizes[i_ < SIZES ? i_ : 0])               \
        for (int at_ = 0; at_ < 4 * k; at_++, kt_release())                                        \
            for (float *x = unfit_row(k, at_); x; x = NULL)

static float *unfit_row(int k, int place)
{
    float *x = kt_floats((size_t)k, (uint64_t)k, 3.0f);
    x[place / 4] = unfit[place % 4];
    return x;
}

static void quantize_rows_of_unfit(void **state)
{
    FN(quantize_rows) fn = (FN(quantize_rows))kt_fn(state);
    FN(quantize_rows) ref = (FN(quantize_rows))kt_ref("quantize_rows");
    EACH_UNFIT(x, k)
    {
        qg_qrows got = kt_qrows(1, k, 1, false), want = kt_qrows(1, k, 2, false);
        fn(&got, x, k, 1, k);
        ref(&want, x, k, 1, k);
        assert_true(!isfinite(got.scale[0]) && !isfinite(want.scale[0]));
        qt_same("row", got.codes, want.codes, (size_t)got.ld, 1);
        qt_same("row", got.scale, want.scale, 1, sizeof *got.scale);
    }
}

static void minmax_of_unfit(void **state)
{
    FN(minmax) fn = (FN(minmax))kt_fn(state), ref = (FN(minmax))kt_ref("minmax");
    EACH_UNFIT(x, k)
    {
        float got[2], want[2];
        fn(&got[0], &got[1], x, k, 1, k);
        ref(&want[0], &want[1], x, k, 1, k);
        assert_true(isnan(got[0]) && isnan(got[1]));
        qt_same("row", got, want, 2, sizeof *got);
    }
}

static void absmax_of_unfit(void **state)
{
    FN(absmax) fn = (FN(absmax))kt_fn(state), ref = (FN(absmax))kt_ref("absmax");
    EACH_UNFIT(x, k)
    {
        float got = fn(x, k), want = ref(x, k);
        assert_true(!isfinite(got));
        qt_same("row", &got, &want, 1, sizeof got);
    }
}

int main(void)
{
    struct CMUnitTest tests[KT_CASES];
    size_t n = 0;
    n = kt_add(tests, n, "quantize_rows", "scale_is_not_finite_where_a_value_is_not",
               quantize_rows_of_unfit);
    n = kt_add(tests, n, "minmax", "is_nan_where_a_value_is_not_finite", minmax_of_unfit);
    n = kt_add(tests, n, "absmax", "is_not_finite_where_a_value_is_not", absmax_of_unfit);
    return qt_run("unfit", tests, n);
}
