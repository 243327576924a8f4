/*
 * test_store_hostile.c - whatever lies under the name: an error with the file's name, no crash.
 *
 * Damaged copies are opened in child processes, because libhdf5 itself may die on them; that is
 * told apart from a wrong answer of ours. Foreign files are made with HDF5 directly.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/rng.h"
#include "store_sample.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RIGHT = 0, WRONG = 42, FLIPS = 300, SECONDS = 300 };

static qg_code read_dataset(qg_store *s, qg_arena *a, const qg_store_info *d)
{
    size_t size = d->type == QG_STORE_STRING ? d->string_size : 8;
    for (int k = 0; k < d->ndim; k++)
        QG_TRY(qg_mul_size(&size, size, (size_t)d->shape[k]));
    void *data = qg_arena_alloc(a, size, 1);
    return data ? qg_store_read(s, d->path, d->type, NULL, NULL, data) : QG_ENOMEM;
}

static qg_code use_everything(qg_store *s, qg_arena *a)
{
    qg_store_info *d;
    char hex[65], *text;
    int n;
    QG_TRY(qg_store_list(&d, &n, s, a, "/"));
    for (int i = 0; i < n; i++) {
        QG_TRY(read_dataset(s, a, &d[i]));
        QG_TRY(qg_store_attr_text(&text, s, a, d[i].path, "units"));
    }
    QG_TRY(qg_store_attr_text(&text, s, a, "/", "qgrid_version"));
    return qg_store_digest(hex, s, "/timing");
}

static qg_code open_and_use(const char *path, bool writable)
{
    qg_store *s;
    const uint8_t byte = 1;
    const int64_t at = 0, one = 1;
    qg_arena *a = qg_arena_create((size_t)256 << 20);
    qg_code rc = qg_store_open(&s, path, writable), closed = QG_OK;
    if (rc == QG_OK) {
        rc = use_everything(s, a);
        if (rc == QG_OK && writable)
            rc = qg_store_write(s, SAMPLE_GROUP "/state", QG_STORE_U8, &at, &one, &byte);
        closed = qg_store_close(s);
    }
    qg_arena_destroy(a);
    return rc != QG_OK ? rc : closed;
}

/* Exit status of a child that uses the file; negative = it died. */
static int in_child(const char *path, bool writable)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(SECONDS);
        qg_code rc = open_and_use(path, writable);
        _exit(rc == QG_OK || rc == QG_ESTORE ? RIGHT : WRONG);
    }
    assert_true(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) && (WEXITSTATUS(status) == RIGHT || WEXITSTATUS(status) == WRONG)
               ? WEXITSTATUS(status)
               : -1;
}

static qg_map sample_bytes(void)
{
    qg_store *s;
    qg_map m;
    qt_ok(qg_store_create(&s, qt_tmp("whole.h5"), &sample_layout));
    qt_ok(qg_store_close(s));
    qt_ok(qg_file_map(&m, qt_tmp("whole.h5")));
    return m;
}

static void files_cut_anywhere_are_refused(void **state)
{
    (void)state;
    qg_map m = sample_bytes();
    const char *path = qt_tmp("cut.h5");
    int died = 0;
    for (size_t size = 0; size < m.size; size += size < 2048 ? 64 : 1021) {
        qg_store *s;
        qt_write(path, m.data, size);
        died += in_child(path, true) < 0;
        qt_fails(qg_store_open(&s, path, false), QG_ESTORE, "cut.h5: is not a readable HDF5 file",
                 NULL);
        qt_eq("size after a refused writer", qg_path_bytes(path), (long long)size);
    }
    qt_eq("deaths", died, 0);
    qg_file_unmap(&m);
}

static void flipped_bytes_give_errors(void **state)
{
    (void)state;
    qg_map m = sample_bytes();
    qg_arena *a = qg_arena_create(0);
    unsigned char *copy = qg_arena_alloc(a, m.size, 1);
    const char *path = qt_tmp("flipped.h5");
    int died = 0;
    assert_non_null(copy);
    for (int i = 0; i < FLIPS; i++) {
        qg_rng r = qg_rng_make(7, "store flips", (uint64_t)i);
        memcpy(copy, m.data, m.size);
        for (int k = 0; k <= i % 8; k++) {
            size_t at = qg_rng_u32(&r) % (i % 3 ? (unsigned)m.size : 4096u);
            copy[at] = (unsigned char)(qg_rng_u32(&r) & 0xff);
        }
        qt_write(path, copy, m.size);
        int status = in_child(path, i % 2);
        qt_eq("a wrong answer to mutation", status == WRONG ? i : -1, -1);
        died += status < 0;
    }
    print_message("libhdf5 died on %d of %d damaged files\n", died, FLIPS);
    assert_true(died <= FLIPS / 20);
    qg_arena_destroy(a);
    qg_file_unmap(&m);
}

static void what_is_no_results_file_is_refused(void **state)
{
    (void)state;
    qg_store *s;
    qt_fails(qg_store_open(&s, qt_tmp("missing.h5"), false), QG_ESTORE, "missing.h5: cannot open",
             "No such file", NULL);
    qt_ok(qg_mkdirs(qt_tmp("folder.h5")));
    qt_fails(qg_store_open(&s, qt_tmp("folder.h5"), true), QG_ESTORE, "is a folder, not a file",
             NULL);
    assert_true(mkfifo(qt_tmp("pipe.h5"), 0600) == 0);
    qt_fails(qg_store_open(&s, qt_tmp("pipe.h5"), false), QG_ESTORE, "is special, not a file",
             NULL);
    qt_write(qt_tmp("text.h5"), "not HDF5 at all\n", 16);
    qt_fails(qg_store_open(&s, qt_tmp("text.h5"), false), QG_ESTORE,
             "text.h5: is not a readable HDF5 file: file signature not found", NULL);
    assert_null(s);
    if (geteuid() != 0) {
        assert_true(chmod(qt_tmp("text.h5"), 0400) == 0);
        qt_fails(qg_store_open(&s, qt_tmp("text.h5"), true), QG_ESTORE, "cannot write",
                 "Permission denied", NULL);
    }
}

/* A file with things that qgrid never writes. */
static void make_foreign(const char *path, const char *outside)
{
    const hsize_t two = 2, five[5] = {1, 1, 1, 1, 1};
    hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), d;
    hid_t line = H5Screate_simple(1, &two, NULL), deep = H5Screate_simple(5, five, NULL);
    hid_t chunked = H5Pcreate(H5P_DATASET_CREATE), external = H5Pcreate(H5P_DATASET_CREATE);
    hid_t text = H5Tcopy(H5T_C_S1), null = H5Screate(H5S_NULL);
    const int values[2] = {3, 4};
    const char *const word = "variable";
    assert_true(H5Tset_size(text, H5T_VARIABLE) >= 0 && H5Pset_chunk(chunked, 1, &two) >= 0 &&
                H5Pset_external(external, outside, 0, 8) >= 0);
    d = H5Dcreate2(f, "/chunked", H5T_STD_I32LE, line, H5P_DEFAULT, chunked, H5P_DEFAULT);
    assert_true(H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(d);
    H5Dclose(H5Dcreate2(f, "/external", H5T_STD_I32LE, line, H5P_DEFAULT, external, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(f, "/big", H5T_STD_I32BE, line, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(f, "/text", text, line, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(f, "/deep", H5T_STD_I32LE, deep, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(f, "/null", H5T_STD_I32LE, null, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Gclose(H5Gcreate2(f, "/links", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    assert_true(H5Lcreate_external("other.h5", "/x", f, "/links/away", H5P_DEFAULT, H5P_DEFAULT) >=
                0);
    assert_true(H5Lcreate_soft("/chunked", f, "/links/soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate2(f, "word", text, scalar, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(a, text, &word) >= 0);
    H5Aclose(a);
    a = H5Acreate2(f, "pair", text, line, H5P_DEFAULT, H5P_DEFAULT);
    H5Aclose(a);
    H5Sclose(scalar);
    H5Sclose(line);
    H5Sclose(deep);
    H5Sclose(null);
    H5Tclose(text);
    H5Pclose(chunked);
    H5Pclose(external);
    assert_true(H5Fclose(f) >= 0);
}

static void foreign_objects_are_refused_by_name(void **state)
{
    (void)state;
    const char *path = qt_tmp("foreign.h5");
    qg_arena *a = qg_arena_create(0);
    qg_store_info d, *list;
    qg_store *s;
    int32_t v[2] = {0};
    char *text;
    int n;
    make_foreign(path, qt_tmp("outside"));
    qt_ok(qg_store_open(&s, path, false));
    qt_ok(qg_store_read(s, "/chunked", QG_STORE_I32, NULL, NULL, v));
    qt_eq("a chunked value", v[1], 4);
    qt_ok(qg_store_attr_text(&text, s, a, "/", "word"));
    assert_string_equal(text, "variable");
    qt_fails(qg_store_attr_text(&text, s, a, "/", "pair"), QG_ESTORE, "'pair'", "impossible", NULL);
    qt_fails(qg_store_describe(&d, s, "/external"), QG_ESTORE, "foreign.h5: /external",
             "has its data outside of this file", NULL);
    qt_fails(qg_store_describe(&d, s, "/big"), QG_ESTORE, "element type that qgrid does not", NULL);
    qt_fails(qg_store_describe(&d, s, "/text"), QG_ESTORE, "element type that qgrid does not",
             NULL);
    qt_fails(qg_store_describe(&d, s, "/deep"), QG_ESTORE, "has not 0 to 4 dimensions", NULL);
    qt_fails(qg_store_describe(&d, s, "/null"), QG_ESTORE, "has not 0 to 4 dimensions", NULL);
    qt_fails(qg_store_describe(&d, s, "/links/away"), QG_ESTORE, "'/links/away' is a link", NULL);
    qt_fails(qg_store_describe(&d, s, "/links/soft"), QG_ESTORE, "'/links/soft' is a link", NULL);
    qt_ok(qg_store_list(&list, &n, s, a, "/links"));
    qt_eq("links are not listed", n, 0);
    qt_ok(qg_store_close(s));
    qt_ok(qg_store_open(&s, path, true));
    qt_fails(qg_store_write(s, "/chunked", QG_STORE_I32, NULL, NULL, v), QG_ESTORE,
             "is chunked or compact", NULL);
    qt_ok(qg_store_close(s));
    assert_false(qg_file_exists(qt_tmp("outside")));
    qg_arena_destroy(a);
}

static void groups_without_end_are_refused(void **state)
{
    (void)state;
    const char *path = qt_tmp("endless.h5");
    char hex[65];
    qg_store *s;
    hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(f, "/a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    assert_true(H5Lcreate_hard(f, "/", f, "/a/again", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Fclose(f) >= 0);
    qt_ok(qg_store_open(&s, path, false));
    qt_fails(qg_store_digest(hex, s, NULL), QG_ESTORE, "is more than 32 groups deep", NULL);
    qt_ok(qg_store_close(s));
}

/* h5repack --latest and h5py's libver="latest" write it; a killed writer would lock it for good. */
static void the_newer_file_format_is_read_but_not_continued(void **state)
{
    (void)state;
    const char *path = qt_tmp("newer.h5");
    char hex[65];
    qg_store *s;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    assert_true(H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST) >= 0);
    assert_true(H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access)) >= 0);
    H5Pclose(access);
    qt_ok(qg_store_open(&s, path, false));
    qt_ok(qg_store_digest(hex, s, NULL));
    qt_ok(qg_store_close(s));
    const uint8_t byte = 1;
    qt_ok(qg_store_open(&s, path, true));
    qt_fails(qg_store_write(s, "/state", QG_STORE_U8, NULL, NULL, &byte), QG_ESTORE, "newer.h5",
             "exceeds high bound", NULL);
    qt_fails(qg_store_close(s), QG_ESTORE, "newer.h5", "exceeds high bound", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_cut_anywhere_are_refused),
    cmocka_unit_test(flipped_bytes_give_errors),
    cmocka_unit_test(what_is_no_results_file_is_refused),
    cmocka_unit_test(foreign_objects_are_refused_by_name),
    cmocka_unit_test(groups_without_end_are_refused),
    cmocka_unit_test(the_newer_file_format_is_read_but_not_continued),
};

QT_MAIN("store_hostile", tests)
