/*
 * test_store.c - blocks in and out of a results file, what lists and attributes say.
 *
 * With QGRID_STORE_SAMPLE=FILE it only writes the sample layout there: test_store_readers.sh opens
 * that file with other programs.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "store_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGITS SAMPLE_GROUP "/logits"

static qg_store *sample(const char *path)
{
    qg_store *s;
    qt_ok(qg_store_create(&s, path, &sample_layout));
    return s;
}

static void same_files(const char *a, const char *b)
{
    qg_map x, y;
    qt_ok(qg_file_map(&x, a));
    qt_ok(qg_file_map(&y, b));
    qt_eq("size", (long long)x.size, (long long)y.size);
    qt_same("byte", x.data, y.data, x.size, 1);
    qg_file_unmap(&x);
    qg_file_unmap(&y);
}

static void a_new_file_holds_initial_and_fill_values(void **state)
{
    (void)state;
    float logits[SAMPLE_ROWS * SAMPLE_CLASSES];
    double accuracy = 0;
    int32_t predicted[SAMPLE_ROWS];
    int8_t sign[SAMPLE_ROWS];
    uint64_t checksum[SAMPLE_ROWS];
    int64_t row[SAMPLE_ROWS];
    char text[SAMPLE_ROWS][SAMPLE_TEXT], host[16];
    qg_store *s = sample(qt_tmp("new.h5"));
    qt_ok(qg_store_read(s, LOGITS, QG_STORE_F32, NULL, NULL, logits));
    qt_ok(qg_store_read(s, SAMPLE_GROUP "/predicted", QG_STORE_I32, NULL, NULL, predicted));
    qt_ok(qg_store_read(s, SAMPLE_GROUP "/sign", QG_STORE_I8, NULL, NULL, sign));
    qt_ok(qg_store_read(s, SAMPLE_GROUP "/checksum", QG_STORE_U64, NULL, NULL, checksum));
    qt_ok(qg_store_read(s, SAMPLE_GROUP "/row", QG_STORE_I64, NULL, NULL, row));
    qt_ok(qg_store_read(s, "/datasets/smsa/text", QG_STORE_STRING, NULL, NULL, text));
    qt_ok(qg_store_read(s, "/timing/host", QG_STORE_STRING, NULL, NULL, host));
    qt_ok(
        qg_store_read(s, "/metrics/mini/smsa/int8/accuracy", QG_STORE_F64, NULL, NULL, &accuracy));
    for (int i = 0; i < SAMPLE_ROWS * SAMPLE_CLASSES; i++)
        assert_true(isnan(logits[i]));
    assert_true(isnan(accuracy));
    for (int i = 0; i < SAMPLE_ROWS; i++) {
        qt_eq("predicted", predicted[i], -1);
        qt_eq("sign", sign[i], -128);
        qt_eq("checksum", (long long)checksum[i], 0);
    }
    qt_same("row", row, sample_rows, SAMPLE_ROWS, sizeof *row);
    qt_same("text", text, sample_texts, SAMPLE_ROWS, SAMPLE_TEXT);
    qt_same("host", host, (char[16]){0}, 16, 1);
    qt_ok(qg_store_close(s));
}

static void blocks_come_back_as_written(void **state)
{
    (void)state;
    const char *path = qt_tmp("blocks.h5");
    const float rows[2][3] = {{1, 2, 3}, {4, 5, 6}}, column[3] = {7, 8, 9};
    const float want[5][3] = {{0, 0, 0}, {1, 7, 3}, {4, 8, 6}, {0, 9, 0}, {0, 0, 0}};
    float got[5][3] = {{0}};
    double accuracy = 0.75, accuracy_got = 0;
    uint64_t big = UINT64_MAX, big_got = 0;
    char host[16] = "sixteen letters!", host_got[16];
    const int64_t last = 4, one = 1;
    qg_store *s = sample(path);
    qt_ok(qg_store_write(s, LOGITS, QG_STORE_F32, NULL, NULL, got));
    qt_ok(qg_store_write(s, LOGITS, QG_STORE_F32, (int64_t[]){1, 0}, (int64_t[]){2, 3}, rows));
    qt_ok(qg_store_write(s, LOGITS, QG_STORE_F32, (int64_t[]){1, 1}, (int64_t[]){3, 1}, column));
    qt_ok(qg_store_write(s, SAMPLE_GROUP "/checksum", QG_STORE_U64, &last, &one, &big));
    qt_ok(
        qg_store_write(s, "/metrics/mini/smsa/int8/accuracy", QG_STORE_F64, NULL, NULL, &accuracy));
    qt_ok(qg_store_write(s, "/timing/host", QG_STORE_STRING, NULL, NULL, host));
    qt_ok(qg_store_flush(s, false));
    qt_ok(qg_store_flush(s, true));
    qt_ok(qg_store_close(s));
    qt_ok(qg_store_open(&s, path, false));
    qt_ok(qg_store_read(s, LOGITS, QG_STORE_F32, NULL, NULL, got));
    qt_same("logits", got, want, 15, sizeof(float));
    qt_ok(qg_store_read(s, LOGITS, QG_STORE_F32, (int64_t[]){1, 1}, (int64_t[]){3, 1}, got));
    qt_same("column", got, column, 3, sizeof(float));
    qt_ok(qg_store_read(s, SAMPLE_GROUP "/checksum", QG_STORE_U64, &last, NULL, &big_got));
    assert_true(big_got == UINT64_MAX);
    qt_ok(qg_store_read(s, "/metrics/mini/smsa/int8/accuracy", QG_STORE_F64, NULL, NULL,
                        &accuracy_got));
    qt_close("accuracy", accuracy_got, 0.75, 0, 0);
    qt_ok(qg_store_read(s, "/timing/host", QG_STORE_STRING, NULL, NULL, host_got));
    qt_same("host", host_got, host, 16, 1);
    qt_ok(qg_store_close(s));
}

static void datasets_without_elements_work(void **state)
{
    (void)state;
    qg_store_info d;
    qg_store *s = sample(qt_tmp("empty.h5"));
    const int64_t zero = 0;
    qt_ok(qg_store_describe(&d, s, "/datasets/smsa/token_id"));
    qt_eq("ndim", d.ndim, 1);
    qt_eq("length", d.shape[0], 0);
    qt_ok(qg_store_write(s, "/datasets/smsa/token_id", QG_STORE_I32, NULL, NULL, NULL));
    qt_ok(qg_store_read(s, "/datasets/smsa/token_id", QG_STORE_I32, &zero, &zero, NULL));
    qt_ok(qg_store_write(s, SAMPLE_GROUP "/state", QG_STORE_U8, &zero, &zero, NULL));
    qt_ok(qg_store_close(s));
}

static void lists_are_sorted_and_describe(void **state)
{
    (void)state;
    qg_store *s = sample(qt_tmp("list.h5"));
    qg_arena *a = qg_arena_create(0);
    qg_store_info *d;
    int n;
    qt_ok(qg_store_list(&d, &n, s, a, "/"));
    qt_eq("datasets", n, sample_layout.n_fields);
    for (int i = 1; i < n; i++)
        assert_true(strcmp(d[i - 1].path, d[i].path) < 0);
    qt_ok(qg_store_list(&d, &n, s, a, "/datasets"));
    qt_eq("datasets below /datasets", n, 4);
    assert_string_equal(d[1].path, "/datasets/smsa/text");
    qt_eq("type", (long long)d[1].type, QG_STORE_STRING);
    qt_eq("string size", (long long)d[1].string_size, SAMPLE_TEXT);
    qt_eq("rows", d[1].shape[0], SAMPLE_ROWS);
    qt_ok(qg_store_list(&d, &n, s, a, LOGITS));
    qt_eq("a dataset itself", n, 1);
    qt_ok(qg_store_list(&d, &n, s, a, "/environment"));
    qt_eq("a group of attributes", n, 0);
    qt_fails(qg_store_list(&d, &n, s, a, "/nowhere"), QG_ESTORE, "list.h5: /nowhere",
             "does not exist", NULL);
    assert_true(qg_store_has(s, "/"));
    assert_true(qg_store_has(s, "/environment"));
    assert_true(qg_store_has(s, LOGITS));
    assert_false(qg_store_has(s, LOGITS "/deeper"));
    assert_false(qg_store_has(s, "/nowhere/at/all"));
    assert_false(qg_store_has(s, "relative"));
    qg_arena_destroy(a);
    qt_ok(qg_store_close(s));
}

static void text_attributes_are_read(void **state)
{
    (void)state;
    qg_store *s = sample(qt_tmp("attributes.h5"));
    qg_arena *a = qg_arena_create(0);
    char *text;
    qt_ok(qg_store_attr_text(&text, s, a, "/", "qgrid_version"));
    assert_string_equal(text, "0.1.0");
    qt_ok(qg_store_attr_text(&text, s, a, "/environment", "nothing"));
    assert_string_equal(text, "");
    qt_ok(qg_store_attr_text(&text, s, a, LOGITS, "units"));
    assert_string_equal(text, "logit");
    qt_ok(qg_store_attr_text(&text, s, a, LOGITS, "absent"));
    assert_null(text);
    qt_ok(qg_store_attr_text(&text, s, a, "/", "schema_version"));
    assert_string_equal(text, "1"); /* integers read as their digits */
    qt_fails(qg_store_attr_text(&text, s, a, "/no", "x"), QG_ESTORE, "/no: does not exist", NULL);
    qg_arena_destroy(a);
    qt_ok(qg_store_close(s));
}

static void long_and_many_attributes_are_kept(void **state)
{
    (void)state;
    enum { LONG = 200000, MANY = 40 };
    qg_arena *a = qg_arena_create(0);
    char *text = qg_arena_alloc(a, LONG + 1, 1), *got;
    qg_attr *attr = qg_arena_alloc(a, MANY, sizeof *attr);
    assert_non_null(text);
    assert_non_null(attr);
    memset(text, 'x', LONG);
    for (int i = 0; i < MANY; i++)
        attr[i] = (qg_attr){"/environment", qg_arena_printf(a, "name_%d", i), "value", 0, false};
    attr[0] = (qg_attr){"/", "job", text, 0, false};
    attr[1] = (qg_attr){"/", "at", "a", 0, false};
    const qg_layout layout = {sample_fields, sample_layout.n_fields, attr, MANY};
    qg_store *s;
    qt_ok(qg_store_create(&s, qt_tmp("long.h5"), &layout));
    qt_ok(qg_store_attr_text(&got, s, a, "/", "job"));
    assert_string_equal(got, text);
    qt_ok(qg_store_attr_text(&got, s, a, "/environment", "name_39"));
    assert_string_equal(got, "value");
    qt_ok(qg_store_close(s));
    qg_arena_destroy(a);
}

static void equal_layouts_give_equal_bytes(void **state)
{
    (void)state;
    const char *a = qt_tmp("same-a.h5"), *b = qt_tmp("same-b.h5");
    qt_ok(qg_store_close(sample(a)));
    qt_ok(qg_store_close(sample(b)));
    same_files(a, b);
}

/* Other values and then the old ones again: any change of metadata would stay. */
static void writing_changes_nothing_but_values(void **state)
{
    (void)state;
    const char *a = qt_tmp("values-a.h5"), *b = qt_tmp("values-b.h5");
    qg_arena *arena = qg_arena_create(0);
    qg_store_info *d;
    int n;
    qt_ok(qg_store_close(sample(a)));
    qg_store *s = sample(b);
    qt_ok(qg_store_list(&d, &n, s, arena, "/"));
    for (int i = 0; i < n; i++) {
        size_t size = d[i].type == QG_STORE_STRING ? d[i].string_size : 8;
        for (int k = 0; k < d[i].ndim; k++)
            size *= (size_t)d[i].shape[k];
        char *old = qg_arena_alloc(arena, size, 1), *other = qg_arena_alloc(arena, size, 1);
        assert_non_null(old);
        assert_non_null(other);
        memset(other, 0x55, size);
        qt_ok(qg_store_read(s, d[i].path, d[i].type, NULL, NULL, old));
        qt_ok(qg_store_write(s, d[i].path, d[i].type, NULL, NULL, other));
        qt_ok(qg_store_flush(s, true));
        qt_ok(qg_store_write(s, d[i].path, d[i].type, NULL, NULL, old));
    }
    qt_ok(qg_store_close(s));
    same_files(a, b);
    qg_arena_destroy(arena);
}

static void wrong_calls_are_refused_with_the_dataset_named(void **state)
{
    (void)state;
    const char *path = qt_tmp("wrong.h5");
    float v[16] = {0};
    qg_store_info d;
    qg_store *s = sample(path);
    qt_fails(qg_store_write(s, "/no/such", QG_STORE_F32, NULL, NULL, v), QG_ESTORE,
             "wrong.h5: /no/such: does not exist", NULL);
    qt_fails(qg_store_describe(&d, s, "/environment"), QG_ESTORE, "/environment: cannot open",
             "not a dataset", NULL);
    qt_fails(qg_store_describe(&d, s, ""), QG_ESTORE, "is not a path", NULL);
    qt_fails(qg_store_write(s, LOGITS, QG_STORE_F64, NULL, NULL, v), QG_ESTORE, LOGITS,
             "holds f32, f64 is wanted", NULL);
    qt_fails(qg_store_read(s, "/timing/host", QG_STORE_I32, NULL, NULL, v), QG_ESTORE,
             "holds string, i32 is wanted", NULL);
    qt_fails(qg_store_write(s, LOGITS, QG_STORE_F32, (int64_t[]){4, 0}, (int64_t[]){2, 3}, v),
             QG_ESTORE, "2 elements from 4 on do not fit in 5 (dimension 0)", NULL);
    qt_fails(qg_store_write(s, LOGITS, QG_STORE_F32, (int64_t[]){0, -1}, (int64_t[]){1, 1}, v),
             QG_ESTORE, "1 elements from -1 on do not fit in 3 (dimension 1)", NULL);
    qt_fails(qg_store_read(s, LOGITS, QG_STORE_F32, (int64_t[]){INT64_MAX, 0},
                           (int64_t[]){INT64_MAX, 1}, v),
             QG_ESTORE, "do not fit in 5", NULL);
    qt_ok(qg_store_close(s));
    qt_ok(qg_store_open(&s, path, false));
    qt_fails(qg_store_write(s, LOGITS, QG_STORE_F32, NULL, NULL, v), QG_ESTORE,
             "open for reading only", NULL);
    qt_ok(qg_store_close(s));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_file_holds_initial_and_fill_values),
    cmocka_unit_test(blocks_come_back_as_written),
    cmocka_unit_test(datasets_without_elements_work),
    cmocka_unit_test(lists_are_sorted_and_describe),
    cmocka_unit_test(text_attributes_are_read),
    cmocka_unit_test(long_and_many_attributes_are_kept),
    cmocka_unit_test(equal_layouts_give_equal_bytes),
    cmocka_unit_test(writing_changes_nothing_but_values),
    cmocka_unit_test(wrong_calls_are_refused_with_the_dataset_named),
};

int main(void)
{
    const char *path = getenv("QGRID_STORE_SAMPLE");
    qg_store *s = NULL;
    if (!path)
        return qt_run("store", tests, sizeof tests / sizeof tests[0]);
    if (qg_store_create(&s, path, &sample_layout) == QG_OK && qg_store_close(s) == QG_OK)
        return 0;
    fprintf(stderr, "%s\n", qg_error_last()->msg);
    return 1;
}
