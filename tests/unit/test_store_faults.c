/*
 * test_store_faults.c - killed writers, full disks, files that change under a run.
 *
 * Children are killed after a random share of their work. Readers are h5py and this library. The
 * full disk is a small tmpfs where root may mount one; a limit on file sizes does the same for
 * everybody.
 */
#include "qt.h"

#include "qgrid/clock.h"
#include "qgrid/file.h"
#include "qgrid/rng.h"
#include "store_sample.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 20, ROWS = 20000, BYTES = 1 << 20 };

static const qg_field row_fields[] = {
    {.path = "/row", .type = QG_STORE_U8, .ndim = 1, .shape = {ROWS}, .scale = true},
    {.path = "/class", .type = QG_STORE_U8, .ndim = 1, .shape = {3}, .scale = true},
    {.path = "/logits",
     .type = QG_STORE_F32,
     .ndim = 2,
     .shape = {ROWS, 3},
     .dim = {"/row", "/class"}},
    {.path = "/checksum", .type = QG_STORE_U64, .ndim = 1, .shape = {ROWS}, .dim = {"/row"}},
};
static const qg_layout row_layout = {row_fields, 4, NULL, 0};

static bool python_has_h5py(void)
{
    if (system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") == 0)
        return true;
    print_message("SKIPPED: /usr/bin/python3 without h5py\n");
    return false;
}

/* What a child tells its parent while it writes. */
static volatile int64_t *shared_count(void)
{
    void *p =
        mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    return p;
}

/* Row i is {i, i + 0.5, i + 0.25}; its checksum, written afterwards, is 3 i + 1. */
static void write_rows(const char *path, volatile int64_t *written)
{
    qg_store *s;
    if (qg_store_open(&s, path, true) != QG_OK)
        _exit(2);
    for (int64_t i = 0; i < ROWS; i++) {
        const float row[3] = {(float)i, (float)i + 0.5f, (float)i + 0.25f};
        const uint64_t sum = 3 * (uint64_t)i + 1;
        if (qg_store_write(s, "/logits", QG_STORE_F32, (int64_t[]){i, 0}, (int64_t[]){1, 3}, row) !=
                QG_OK ||
            qg_store_write(s, "/checksum", QG_STORE_U64, &i, (int64_t[]){1}, &sum) != QG_OK)
            _exit(3);
        *written = i + 1;
        if (i % 1000 == 0 && qg_store_flush(s, i % 5000 == 0) != QG_OK)
            _exit(4);
    }
    _exit(qg_store_close(s) == QG_OK ? 0 : 5);
}

static void kill_child(pid_t pid)
{
    int status;
    assert_true(kill(pid, SIGKILL) == 0);
    assert_true(waitpid(pid, &status, 0) == pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

/* Rows with a checksum; each must be right. */
static int64_t check_rows(const char *path)
{
    qg_arena *a = qg_arena_create(0);
    float(*row)[3] = qg_arena_alloc(a, ROWS, sizeof *row);
    uint64_t *sum = qg_arena_alloc(a, ROWS, sizeof *sum);
    int64_t n = 0;
    qg_store *s;
    assert_true(row && sum);
    qt_ok(qg_store_open(&s, path, true));
    qt_ok(qg_store_read(s, "/logits", QG_STORE_F32, NULL, NULL, row));
    qt_ok(qg_store_read(s, "/checksum", QG_STORE_U64, NULL, NULL, sum));
    qt_ok(qg_store_close(s));
    for (int64_t i = 0; i < ROWS; i++) {
        const float want[3] = {(float)i, (float)i + 0.5f, (float)i + 0.25f};
        if (sum[i] == 0)
            continue;
        qt_eq("checksum", (long long)sum[i], 3 * i + 1);
        qt_same("row", row[i], want, 3, sizeof(float));
        n++;
    }
    qg_arena_destroy(a);
    return n;
}

static const char check_by_python[] =
    "import h5py, numpy as np, sys\n"
    "for name in sys.argv[1:]:\n"
    "    with h5py.File(name, 'r') as f:\n"
    "        i = np.nonzero(f['checksum'][:])[0]\n"
    "        assert (f['checksum'][:][i] == 3 * i + 1).all(), name\n"
    "        row = np.stack([i, i + 0.5, i + 0.25], 1).astype('f4')\n"
    "        assert (f['logits'][:][i] == row).all(), name\n";

static void a_killed_writer_leaves_all_rows_that_have_a_checksum(void **state)
{
    (void)state;
    char name[32], cmd[1200], path[512];
    int64_t rows = 0;
    volatile int64_t *written = shared_count();
    snprintf(path, sizeof path, "%s", qt_tmp("killed"));
    qt_ok(qg_mkdirs(path));
    for (int k = 0; k < KILLS; k++) {
        qg_rng r = qg_rng_make(1, "store kills", (uint64_t)k);
        qg_store *s;
        snprintf(name, sizeof name, "killed/%d.h5", k);
        qt_ok(qg_store_create(&s, qt_tmp(name), &row_layout));
        qt_ok(qg_store_close(s));
        const int64_t enough = (int64_t)(0.9 * ROWS * qg_rng_uniform(&r));
        *written = 0;
        pid_t pid = fork();
        if (pid == 0)
            write_rows(qt_tmp(name), written);
        for (double start = qg_clock(); *written <= enough; qg_sleep(1e-4))
            assert_true(qg_clock() - start < 300);
        kill_child(pid);
        const int64_t found = check_rows(qt_tmp(name));
        assert_true(found > enough);
        rows += found;
    }
    print_message("%d writers killed, %lld rows of %d found\n", KILLS, (long long)rows,
                  KILLS * ROWS);
    assert_true(rows > 0 && rows < (int64_t)KILLS * ROWS);
    if (!python_has_h5py())
        return;
    qt_write(qt_tmp("check.py"), check_by_python, sizeof check_by_python - 1);
    snprintf(cmd, sizeof cmd, "/usr/bin/python3 %s %s/*.h5", qt_tmp("check.py"), path);
    qt_eq("h5py", system(cmd), 0);
}

static int files_in(const char *path)
{
    DIR *d = opendir(path);
    int n = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* 1500 datasets below 100 groups. */
static qg_layout large_layout(qg_arena *a)
{
    enum { GROUPS = 100, EACH = 15 };
    qg_field *f = qg_arena_alloc(a, GROUPS * EACH, sizeof *f);
    assert_non_null(f);
    for (int i = 0; i < GROUPS * EACH; i++) {
        const char *row = qg_arena_printf(a, "/g%d/row", i / EACH);
        f[i] = (qg_field){.type = QG_STORE_F64, .ndim = 1, .shape = {300}, .dim = {row}};
        f[i].path = i % EACH ? qg_arena_printf(a, "/g%d/x%d", i / EACH, i % EACH) : row;
        f[i].scale = i % EACH == 0;
    }
    return (qg_layout){.field = f, .n_fields = GROUPS * EACH};
}

static void a_killed_creation_leaves_nothing_under_the_name(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const qg_layout layout = large_layout(a);
    const char *dir = qt_tmp("created"), *path = qt_tmp("created/results.h5");
    qg_store *s;
    int complete = 0, n;
    double start = qg_clock();
    qt_ok(qg_store_create(&s, path, &layout));
    qt_ok(qg_store_close(s));
    double whole = qg_clock() - start;
    qt_ok(qg_remove(path));
    for (int k = 0; k < KILLS; k++) {
        qg_store_info *d;
        pid_t pid = fork();
        if (pid == 0)
            _exit(qg_store_create(&s, path, &layout) == QG_OK ? 0 : 1);
        qg_sleep(1.1 * whole * k / KILLS); /* the first one has no time */
        kill_child(pid);
        if (!qg_file_exists(path))
            continue;
        complete++;
        qt_ok(qg_store_open(&s, path, true));
        qt_ok(qg_store_list(&d, &n, s, a, "/"));
        qt_eq("datasets", n, layout.n_fields);
        qt_ok(qg_store_close(s));
        qt_ok(qg_remove(path));
    }
    print_message("%d of %d creations were complete before the kill\n", complete, KILLS);
    assert_true(complete < KILLS);
    qt_ok(qg_store_create(&s, path, &layout));
    qt_ok(qg_store_close(s));
    qt_eq("files beside the results", files_in(dir), 1);
    qg_arena_destroy(a);
}

static void readers_open_the_file_while_it_is_written(void **state)
{
    (void)state;
    char cmd[1200];
    const char *path = qt_tmp("shared.h5");
    const float row[3] = {0, 0.5f, 0.25f};
    const uint64_t sum = 1;
    qg_store *s;
    if (!python_has_h5py())
        skip();
    qt_write(qt_tmp("check.py"), check_by_python, sizeof check_by_python - 1);
    qt_ok(qg_store_create(&s, path, &row_layout));
    qt_ok(qg_store_write(s, "/logits", QG_STORE_F32, (int64_t[]){0, 0}, (int64_t[]){1, 3}, row));
    qt_ok(qg_store_write(s, "/checksum", QG_STORE_U64, (int64_t[]){0}, (int64_t[]){1}, &sum));
    snprintf(cmd, sizeof cmd, "/usr/bin/python3 %s %s", qt_tmp("check.py"), path);
    qt_eq("h5py", system(cmd), 0);
    qt_ok(qg_store_flush(s, true));
    qt_ok(qg_store_close(s));
    qt_eq("rows", check_rows(path), 1);
}

static void write_a_byte(qg_store **out, const char *path)
{
    const uint8_t byte = 1;
    qt_ok(qg_store_create(out, path, &sample_layout));
    qt_ok(qg_store_write(*out, SAMPLE_GROUP "/state", QG_STORE_U8, (int64_t[]){0}, (int64_t[]){1},
                         &byte));
}

static void a_file_removed_during_a_run_is_noticed(void **state)
{
    (void)state;
    const char *path = qt_tmp("removed.h5");
    qg_store *s;
    write_a_byte(&s, path);
    qt_ok(qg_remove(path));
    qt_fails(qg_store_flush(s, false), QG_ESTORE, "was removed or replaced", NULL);
    qt_fails(qg_store_close(s), QG_ESTORE, "was removed or replaced", NULL);
}

/* The next write would make it long again, with a hole: it does not come to that. */
static void a_file_cut_during_a_run_is_not_written_any_more(void **state)
{
    (void)state;
    const char *path = qt_tmp("cut.h5"), *cut = "cut.h5: was cut to 1000 of";
    const uint8_t byte = 1;
    qg_store *s;
    write_a_byte(&s, path);
    assert_true(truncate(path, 1000) == 0);
    for (int again = 0; again < 2; again++)
        qt_fails(qg_store_write(s, SAMPLE_GROUP "/state", QG_STORE_U8, (int64_t[]){1},
                                (int64_t[]){1}, &byte),
                 QG_ESTORE, cut, NULL);
    qt_fails(qg_store_flush(s, false), QG_ESTORE, cut, NULL);
    qt_fails(qg_store_close(s), QG_ESTORE, cut, NULL);
    assert_int_equal(qg_path_bytes(path), 1000);
}

/* Exit status of a child that may not write files beyond `limit` bytes: 0 written, 1 refused with
 * the reason, 2 anything else. */
static int create_limited(const char *path, rlim_t limit)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        qg_store *s;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
        qg_code rc = qg_store_create(&s, path, &sample_layout);
        if (rc == QG_OK)
            _exit(qg_store_close(s) == QG_OK ? 0 : 2);
        bool told = strstr(qg_error_last()->msg, "File too large") != NULL;
        if (rc != QG_ESTORE || !told)
            fprintf(stderr, "limit %llu: %s\n", (unsigned long long)limit, qg_error_last()->msg);
        _exit(rc == QG_ESTORE && told ? 1 : 2);
    }
    assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void creation_beyond_a_size_limit_leaves_no_file(void **state)
{
    (void)state;
    const char *dir = qt_tmp("limited"), *path = qt_tmp("limited/results.h5");
    qg_store *s;
    qt_ok(qg_store_create(&s, path, &sample_layout));
    qt_ok(qg_store_close(s));
    const long long size = qg_path_bytes(path);
    for (long long limit = 0; limit < size; limit += size / 40) {
        qt_ok(qg_remove(path));
        qt_eq("status", create_limited(path, (rlim_t)limit), 1);
        qt_eq("files left", files_in(dir), 0);
    }
    qt_eq("status", create_limited(path, (rlim_t)size), 0);
}

static void writing_beyond_a_size_limit_says_so(void **state)
{
    (void)state;
    const char *path = qt_tmp("limited.h5");
    int status;
    qg_store *s;
    qt_ok(qg_store_create(&s, path, &row_layout));
    pid_t pid = fork();
    if (pid == 0) {
        static float rows[ROWS][3];
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){200000, 200000});
        qg_code rc = qg_store_write(s, "/logits", QG_STORE_F32, NULL, NULL, rows);
        char text[1024];
        qg_error_format(text, sizeof text, qg_error_last());
        _exit(rc == QG_ESTORE && strstr(text, "limited.h5: /logits: cannot write: ") &&
                      strstr(text, "File too large")
                  ? 0
                  : 1);
    }
    assert_true(waitpid(pid, &status, 0) == pid);
    qt_eq("status", status, 0);
    qt_ok(qg_store_close(s));
}

static bool mount_small(const char *dir, int kib)
{
    char size[32];
    snprintf(size, sizeof size, "size=%dk", kib);
    qt_ok(qg_mkdirs(dir));
    return mount("tmpfs", dir, "tmpfs", 0, size) == 0;
}

static void a_small_disk_is_refused_before_or_is_large_enough(void **state)
{
    (void)state;
    const char *dir = qt_tmp("small"), *path = qt_tmp("small/results.h5");
    int refused = 0, made = 0;
    for (int kib = 16; kib <= 512; kib += 16) {
        qg_store *s;
        if (!mount_small(dir, kib)) {
            print_message("SKIPPED: no right to mount a small tmpfs\n");
            skip();
        }
        qg_code rc = qg_store_create(&s, path, &sample_layout);
        int files = files_in(dir);
        if (rc == QG_OK)
            rc = qg_store_close(s);
        assert_true(umount(dir) == 0);
        qt_eq("files", files, rc == QG_OK);
        made += rc == QG_OK;
        refused += rc != QG_OK;
        if (rc != QG_OK)
            qt_fails(rc, QG_ESTORE, "results.h5: needs ", "the file system of", "free", NULL);
    }
    assert_true(refused > 0 && made > 0);
}

/* A file with holes on a full disk: what creation prevents, but a copy can bring about. */
static void a_disk_that_is_full_later_is_an_error_of_the_write(void **state)
{
    (void)state;
    static uint8_t bytes[BYTES];
    char cmd[1200];
    const char *dir = qt_tmp("full"), *path = qt_tmp("holes.h5"), *copy = qt_tmp("full/holes.h5");
    const qg_field f[] = {
        {.path = "/byte", .type = QG_STORE_U8, .ndim = 1, .shape = {BYTES}, .scale = true}};
    const qg_layout layout = {f, 1, NULL, 0};
    qg_store *s;
    qt_ok(qg_store_create(&s, path, &layout));
    qt_ok(qg_store_close(s));
    if (!mount_small(dir, 512)) {
        print_message("SKIPPED: no right to mount a small tmpfs\n");
        skip();
    }
    snprintf(cmd, sizeof cmd, "cp --sparse=always %s %s", path, copy);
    int copied = system(cmd);
    qg_code rc = qg_store_open(&s, copy, true);
    memset(bytes, 1, sizeof bytes);
    if (rc == QG_OK) {
        rc = qg_store_write(s, "/byte", QG_STORE_U8, NULL, NULL, bytes);
        qg_error kept = *qg_error_last();
        (void)!qg_store_close(s);
        (void)qg_error_restore(&kept);
    }
    assert_true(umount(dir) == 0);
    qt_eq("copy", copied, 0);
    qt_fails(rc, QG_ESTORE, "holes.h5: /byte: cannot write: ", "No space left on device", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_killed_writer_leaves_all_rows_that_have_a_checksum),
    cmocka_unit_test(a_killed_creation_leaves_nothing_under_the_name),
    cmocka_unit_test(readers_open_the_file_while_it_is_written),
    cmocka_unit_test(a_file_removed_during_a_run_is_noticed),
    cmocka_unit_test(a_file_cut_during_a_run_is_not_written_any_more),
    cmocka_unit_test(creation_beyond_a_size_limit_leaves_no_file),
    cmocka_unit_test(writing_beyond_a_size_limit_says_so),
    cmocka_unit_test(a_small_disk_is_refused_before_or_is_large_enough),
    cmocka_unit_test(a_disk_that_is_full_later_is_an_error_of_the_write),
};

QT_MAIN("store_faults", tests)
