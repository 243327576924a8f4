/*
 * test_store_create.c - where and from what a results file is created.
 */
#include "qt.h"

#include "qgrid/clock.h"
#include "qgrid/file.h"
#include "store_sample.h"

#include <stdio.h>

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

static void five_thousand_datasets_are_created_quickly(void **state)
{
    (void)state;
    enum { GROUPS = 250, EACH = 20, ROWS = 50 };
    qg_arena *a = qg_arena_create(0);
    qg_field *f = qg_arena_alloc(a, GROUPS * EACH, sizeof *f);
    assert_non_null(f);
    for (int i = 0; i < GROUPS * EACH; i++) {
        const char *row = qg_arena_printf(a, "/g/m%d/row", i / EACH);
        f[i] = (qg_field){.type = QG_STORE_F32, .ndim = 1, .shape = {ROWS}, .dim = {row}};
        f[i].path = i % EACH ? qg_arena_printf(a, "/g/m%d/x%d", i / EACH, i % EACH) : row;
        f[i].scale = i % EACH == 0;
    }
    const qg_layout layout = {.field = f, .n_fields = GROUPS * EACH};
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
    cmocka_unit_test(five_thousand_datasets_are_created_quickly),
};

QT_MAIN("store_create", tests)
