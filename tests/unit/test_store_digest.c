/*
 * test_store_digest.c - the digest sees every name, type, shape, value and attribute, and nothing
 * of where they lie in the file.
 */
#include "qt.h"

#include "store_sample.h"

#include <string.h>

enum { N = sizeof sample_fields / sizeof sample_fields[0] };
enum { A = sizeof sample_attrs / sizeof sample_attrs[0] };

typedef struct digest {
    char hex[65];
} digest;

static digest of_store(qg_store *s, const char *except)
{
    digest d;
    qt_ok(qg_store_digest(d.hex, s, except));
    qt_eq("digits", (long long)strlen(d.hex), 64);
    return d;
}

static digest of_layout(const qg_layout *l, const char *except)
{
    qg_store *s;
    qt_ok(qg_store_create(&s, qt_tmp("digest.h5"), l));
    digest d = of_store(s, except);
    qt_ok(qg_store_close(s));
    return d;
}

static void same(digest a, digest b)
{
    assert_string_equal(a.hex, b.hex);
}

static void differ(digest a, digest b)
{
    assert_string_not_equal(a.hex, b.hex);
}

static void order_of_creation_does_not_matter(void **state)
{
    (void)state;
    qg_field field[N];
    qg_attr attr[A];
    for (int i = 0; i < N; i++)
        field[i] = sample_fields[N - 1 - i];
    for (int i = 0; i < A; i++)
        attr[i] = sample_attrs[A - 1 - i];
    const qg_layout turned = {field, N, attr, A};
    same(of_layout(&sample_layout, "/timing"), of_layout(&turned, "/timing"));
}

static void every_attribute_counts(void **state)
{
    (void)state;
    const digest base = of_layout(&sample_layout, NULL);
    for (int i = 0; i < A; i++) {
        qg_attr attr[A];
        const qg_layout other = {sample_fields, N, attr, A};
        memcpy(attr, sample_attrs, sizeof attr);
        attr[i].name = "another_name";
        differ(base, of_layout(&other, NULL));
        attr[i] = sample_attrs[i];
        attr[i].text = attr[i].text ? "another value" : NULL;
        attr[i].number += 1;
        differ(base, of_layout(&other, NULL));
        if (sample_attrs[i].text)
            continue;
        attr[i] = sample_attrs[i];
        attr[i].integer = !attr[i].integer;
        differ(base, of_layout(&other, NULL));
    }
}

static void every_field_counts(void **state)
{
    (void)state;
    const digest base = of_layout(&sample_layout, "/timing");
    qg_field field[N];
    const qg_layout other = {field, N, sample_attrs, A};
    memcpy(field, sample_fields, sizeof field);
    field[10].path = SAMPLE_GROUP "/signs";
    differ(base, of_layout(&other, "/timing"));
    field[10] = sample_fields[10];
    field[10].type = QG_STORE_U8;
    field[10].fill = 128;
    differ(base, of_layout(&other, "/timing"));
    field[10] = sample_fields[10];
    field[10].doc = "a sign";
    differ(base, of_layout(&other, "/timing"));
    field[10] = sample_fields[10];
    field[10].fill = 1;
    differ(base, of_layout(&other, "/timing"));
    field[10] = sample_fields[10];
    same(base, of_layout(&other, "/timing"));
}

static void values_count_except_where_told(void **state)
{
    (void)state;
    const double zero = 0, minus_zero = -0.0;
    const char host[16] = "somewhere";
    qg_store *s;
    qt_ok(qg_store_create(&s, qt_tmp("values.h5"), &sample_layout));
    const digest whole = of_store(s, NULL), part = of_store(s, "/timing");
    const digest prefix = of_store(s, "/tim");
    differ(whole, part);
    same(whole, prefix);
    same(whole, of_store(s, ""));
    qt_ok(qg_store_write(s, "/timing/host", QG_STORE_STRING, NULL, NULL, host));
    differ(whole, of_store(s, NULL));
    same(part, of_store(s, "/timing"));
    qt_ok(qg_store_write(s, "/metrics/mini/smsa/int8/accuracy", QG_STORE_F64, NULL, NULL, &zero));
    const digest positive = of_store(s, "/timing");
    differ(part, positive);
    qt_ok(qg_store_write(s, "/metrics/mini/smsa/int8/accuracy", QG_STORE_F64, NULL, NULL,
                         &minus_zero));
    differ(positive, of_store(s, "/timing"));
    qt_ok(qg_store_close(s));
}

/* More than one block of 4 MiB in every possible place: the same values, cut differently. */
static void long_and_wide_datasets_are_read_in_blocks(void **state)
{
    (void)state;
    static const int64_t shapes[][4] = {{3, 700000, 1, 1},
                                        {700000, 3, 1, 1},
                                        {1, 2, 1050000, 1},
                                        {7, 5, 4, 15000},
                                        {1, 1, 1, 2100000}};
    qg_arena *a = qg_arena_create(0);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        static const char *const names[] = {"/a", "/b", "/c", "/d"};
        qg_field f[5] = {{.path = "/x", .type = QG_STORE_I64, .ndim = 4}};
        const qg_layout l = {f, 5, NULL, 0};
        for (int k = 0; k < 4; k++) {
            f[0].dim[k] = names[k];
            f[0].shape[k] = shapes[i][k];
            f[1 + k] = (qg_field){.path = names[k], .type = QG_STORE_U8, .ndim = 1, .scale = true};
            f[1 + k].shape[0] = shapes[i][k];
        }
        qg_store *s;
        qt_ok(qg_store_create(&s, qt_tmp("blocks.h5"), &l));
        digest before = of_store(s, NULL);
        for (int corner = 0; corner < 16; corner++) {
            int64_t start[4], count[4] = {1, 1, 1, 1}, value = corner + 1;
            for (int k = 0; k < 4; k++)
                start[k] = corner >> k & 1 ? shapes[i][k] - 1 : shapes[i][k] / 2;
            qt_ok(qg_store_write(s, "/x", QG_STORE_I64, start, count, &value));
            digest after = of_store(s, NULL);
            differ(before, after);
            before = after;
        }
        qt_ok(qg_store_close(s));
    }
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(order_of_creation_does_not_matter),
    cmocka_unit_test(every_attribute_counts),
    cmocka_unit_test(every_field_counts),
    cmocka_unit_test(values_count_except_where_told),
    cmocka_unit_test(long_and_wide_datasets_are_read_in_blocks),
};

QT_MAIN("store_digest", tests)
