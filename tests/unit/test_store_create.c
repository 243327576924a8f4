/*
 * test_store_create.c - where and from what a results file is created.
 */
#include "qt.h"

#include "qgrid/clock.h"
#include "qgrid/file.h"
#include "store/h5.h"
#include "store_sample.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void create_sample(const char *path)
{
    qg_store *s;
    qt_ok(qg_store_create(&s, path, &sample_layout));
    qt_ok(qg_store_close(s));
}

static void refuse_layout(const qg_field *field, int n, const char *field_name, const char *why)
{
    const char *path = qt_tmp("contradiction.h5");
    const qg_layout layout = {.field = field, .n_fields = n};
    qg_store *s = NULL;
    qt_fails(qg_store_create(&s, path, &layout), QG_ESTORE, "contradiction.h5: ", field_name, why,
             NULL);
    assert_null(s);
    assert_false(qg_file_exists(path));
}

static void contradicting_layouts_are_refused(void **state)
{
    (void)state;
    const qg_field row = {
        .path = "/row", .type = QG_STORE_I64, .ndim = 1, .shape = {2}, .scale = true};
    qg_field f[] = {row,
                    {.path = "/x", .type = QG_STORE_F32, .ndim = 1, .shape = {3}, .dim = {"/row"}}};
    refuse_layout(f, 2, "/x", "dimension 0 has length 3, its scale '/row' has 2");
    f[1].dim[0] = "/col";
    refuse_layout(f, 2, "/x", "dimension 0: '/col' is not a scale of the layout");
    f[1].dim[0] = NULL;
    refuse_layout(f, 2, "/x", "dimension 0: '' is not a scale");
    f[1].ndim = 5;
    refuse_layout(f, 2, "/x", "cannot have 5 dimensions");
    f[1] = row;
    refuse_layout(f, 2, "/row", "is listed twice");
    static const char *const bad[] = {"x", "/", "/x/", "/x//y", "/./x", "/x/.", "/\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f[1] = (qg_field){.path = bad[i], .type = QG_STORE_F32};
        refuse_layout(f, 2, bad[i][1] == '\xff' ? "/" : bad[i], "is not a path of a dataset");
    }
    f[1] = (qg_field){.path = "/x", .type = QG_STORE_STRING};
    refuse_layout(f, 2, "/x", "strings need at least 1 byte");
    f[1] = (qg_field){.path = "/row/x", .type = QG_STORE_F32};
    refuse_layout(f, 2, "/row/x", "'/row' is a dataset, not a group");
    f[0].shape[0] = -1;
    refuse_layout(f, 1, "/row", "dimension 0 is negative");
    f[0].shape[0] = INT64_MAX;
    refuse_layout(f, 1, "/row", "its size overflows");
    f[0].shape[0] = (int64_t)1 << 52;
    refuse_layout(f, 1, "needs 36028797", "free");
}

static void creation_makes_folders_and_removes_leftovers(void **state)
{
    (void)state;
    char path[600], old[700], other[700];
    snprintf(path, sizeof path, "%s/deep/er/results.h5", qt_tmp("made"));
    qg_store *s;
    create_sample(path);
    snprintf(old, sizeof old, "%s.tmp-host-4711-0123456789abcdef", path);
    snprintf(other, sizeof other, "%s.tmp-mine", path);
    qt_write(old, "half", 4);
    qt_write(other, "mine", 4);
    create_sample(path);
    assert_false(qg_file_exists(old));
    assert_true(qg_file_exists(other));
    qt_write(qt_tmp("plain"), "x", 1);
    snprintf(path, sizeof path, "%s/results.h5", qt_tmp("plain"));
    qt_fails(qg_store_create(&s, path, &sample_layout), QG_ESTORE, "folder", NULL);
    qt_fails(qg_store_create(&s, qt_tmp("made"), &sample_layout), QG_ESTORE, "is a folder", NULL);
}

static void user_paths_are_checked(void **state)
{
    (void)state;
    char path[600];
    snprintf(path, sizeof path, "%s/x.h5", qt_tmp("checked"));
    qt_ok(qg_store_check_path(path));
    assert_true(qg_dir_exists(qt_tmp("checked")));
    assert_false(qg_file_exists(path));
    create_sample(path);
    qt_ok(qg_store_check_path(path));
    qt_fails(qg_store_check_path(qt_tmp("checked")), QG_ESTORE, "is a folder", NULL);
    qt_fails(qg_store_check_path(qt_tmp("checked/")), QG_ESTORE, "is a folder", NULL);
    snprintf(path, sizeof path, "%s/x.h5/y.h5", qt_tmp("checked"));
    qt_fails(qg_store_check_path(path), QG_ESTORE, "folder", NULL);
    qt_fails(qg_store_check_path("/proc/qgrid/x.h5"), QG_ESTORE, "cannot create folder", NULL);
    qt_fails(qg_store_check_path("/dev/null"), QG_ESTORE, "is special, not a file", NULL);
}

/* `groups` groups of one scale and `each` - 1 datasets of `rows` floats that use it, or, `shared`,
 * all of them the first scale. */
static qg_layout many_datasets(qg_arena *a, int groups, int each, int64_t rows, bool shared)
{
    qg_field *f = qg_arena_alloc(a, (size_t)groups * (size_t)each, sizeof *f);
    assert_non_null(f);
    for (int i = 0; i < groups * each; i++) {
        bool scale = i % each == 0 && (!shared || i == 0);
        const char *row = qg_arena_printf(a, "/g/m%d/row", shared ? 0 : i / each);
        f[i] = (qg_field){.type = QG_STORE_F32, .ndim = 1, .shape = {rows}, .dim = {row}};
        f[i].path = scale ? row : qg_arena_printf(a, "/g/m%d/x%d", i / each, i % each);
        f[i].scale = scale;
        f[i].doc = scale ? NULL : "a number of each text";
    }
    return (qg_layout){.field = f, .n_fields = groups * each};
}

static int64_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void space_is_forecast_from_above(void **state)
{
    (void)state;
    double low = 0, high = 0;
    static const struct {
        int groups, each;
        int64_t rows;
        bool shared;
    } files[] = {{1, 2, 1, false},    {100, 2, 1, false},    {500, 6, 3, false},
                 {100, 40, 3, false}, {10, 40, 2000, false}, {1, 5000, 3, true},
                 {50, 100, 3, true},  {3, 400, 50, false}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        qg_arena *a = qg_arena_create(0);
        uint64_t need;
        qg_store *s;
        const char *path = qt_tmp("forecast.h5");
        qg_layout l =
            many_datasets(a, files[i].groups, files[i].each, files[i].rows, files[i].shared);
        unlink(path);
        qt_ok(qg_h5_check_layout(&need, path, &l));
        qt_ok(qg_store_create(&s, path, &l));
        qt_ok(qg_store_close(s));
        double size = (double)size_of(path);
        print_message("%d groups of %d datasets of %lld rows: %.0f bytes, forecast %.3f of them\n",
                      files[i].groups, files[i].each, (long long)files[i].rows, size,
                      (double)need / size);
        low = fmin(low, (double)need - size);
        high = fmax(high, ((double)need - (1 << 14)) / size);
        qg_arena_destroy(a);
    }
    assert_true(low >= 0 && high <= 1.3);
}

/* System calls that wrote, of this process; 0 where the system does not tell. */
static int64_t writes(void)
{
    char line[64];
    long long n = 0;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "syscw: %lld", &n) != 1)
        ;
    if (f)
        (void)fclose(f);
    return n;
}

/* A list of references that is written again for each dataset makes both quadratic. */
static void twice_the_datasets_of_a_scale_take_twice_the_writes_and_bytes(void **state)
{
    (void)state;
    int64_t count[2], bytes[2];
    for (int i = 0; i < 2; i++) {
        qg_arena *a = qg_arena_create(0);
        qg_layout l = many_datasets(a, 1, 3000 << i, 3, true);
        const char *path = qt_tmp("linear.h5");
        qg_store *s;
        unlink(path);
        int64_t before = writes();
        qt_ok(qg_store_create(&s, path, &l));
        qt_ok(qg_store_close(s));
        count[i] = writes() - before;
        bytes[i] = size_of(path);
        qg_arena_destroy(a);
    }
    print_message("3000 and 6000 datasets: %lld and %lld writes, %lld and %lld bytes\n",
                  (long long)count[0], (long long)count[1], (long long)bytes[0],
                  (long long)bytes[1]);
    assert_true((double)bytes[1] < 2.2 * (double)bytes[0]);
    assert_true((double)count[1] <= 2.5 * (double)count[0]);
}

static void five_thousand_datasets_are_created_quickly(void **state)
{
    (void)state;
    enum { GROUPS = 250, EACH = 20, ROWS = 50 };
    qg_arena *a = qg_arena_create(0);
    const qg_layout layout = many_datasets(a, GROUPS, EACH, ROWS, false);
    const qg_field *f = layout.field;
    qg_store *s;
    double start = qg_clock();
    qt_ok(qg_store_create(&s, qt_tmp("many.h5"), &layout));
    print_message("%d datasets in %.2f s\n", GROUPS * EACH, qg_clock() - start);
    assert_true(qg_clock() - start < 60);
    float value = 1;
    for (int64_t i = 0; i < GROUPS * EACH; i++)
        qt_ok(qg_store_write(s, f[i].path, QG_STORE_F32, (int64_t[]){i % ROWS}, (int64_t[]){1},
                             &value));
    qt_ok(qg_store_close(s));
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(contradicting_layouts_are_refused),
    cmocka_unit_test(creation_makes_folders_and_removes_leftovers),
    cmocka_unit_test(user_paths_are_checked),
    cmocka_unit_test(space_is_forecast_from_above),
    cmocka_unit_test(twice_the_datasets_of_a_scale_take_twice_the_writes_and_bytes),
    cmocka_unit_test(five_thousand_datasets_are_created_quickly),
};

QT_MAIN("store_create", tests)
