/*
 * test_corpus.c - every fuzz target over its corpus (seeds, and one file for each finding), then
 * over copies of those files that are changed from a fixed seed. What libFuzzer does for hours
 * (`make fuzz`), this does without it for seconds.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/rng.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES = 300, MOST_FILES = 1024 };

typedef int target(const uint8_t *data, size_t size);

#define FUZZ_TARGET(name) target fuzz_##name;
#include "targets.def"
#undef FUZZ_TARGET

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of a corpus, always in the same order. */
static int list(char **file, const char *folder, qg_arena *a)
{
    int n = 0;
    DIR *d = opendir(folder);
    if (!d)
        fail_msg("%s: no such corpus; tests run in the folder of the sources", folder);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') {
            assert_true(n < MOST_FILES);
            file[n++] = qg_arena_printf(a, "%s/%s", folder, e->d_name);
        }
    closedir(d);
    qsort(file, (size_t)n, sizeof *file, by_name);
    return n;
}

/* Bytes of an exact length, so that a sanitizer sees what is read behind them. */
static void run(target *t, const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    t(copy, size);
    free(copy);
}

/* One change: a byte set, a bit flipped, a run deleted, doubled or copied elsewhere, a tail cut. */
static size_t change(char *bytes, size_t size, qg_rng *r)
{
    static const char special[] = "\"\n\r\t,;{}[]:\\ 0-.R(t\xff\x80\x7f\x01\xef\xbb\xbf";
    if (size == 0)
        return 0;
    size_t at = (size_t)qg_rng_below(r, size), left = size - at;
    size_t n = 1 + (size_t)qg_rng_below(r, left < 16 ? left : 16);
    switch (qg_rng_below(r, 7)) {
    case 0:
        bytes[at] = (char)qg_rng_u32(r);
        return size;
    case 1: /* the NUL at the end, too */
        bytes[at] = special[qg_rng_below(r, sizeof special)];
        return size;
    case 2:
        bytes[at] = (char)(bytes[at] ^ (1 << qg_rng_below(r, 8)));
        return size;
    case 3:
        memmove(bytes + at, bytes + at + n, left - n);
        return size - n;
    case 4:
        memmove(bytes + at + n, bytes + at, left);
        return size + n;
    case 5:
        memmove(bytes + qg_rng_below(r, size - n + 1), bytes + at, n);
        return size;
    default:
        return qg_rng_below(r, 4) == 0 ? at : size;
    }
}

/* A changed copy of one of the files. */
static void run_changed(target *t, char *const *file, int n, const char *name, int copy)
{
    enum { CHANGES = 5 };
    qg_rng r = qg_rng_make(1, name, (uint64_t)copy);
    qg_map m;
    qt_ok(qg_file_map(&m, file[qg_rng_below(&r, (uint64_t)n)]));
    char *bytes = malloc(m.size + 16 * CHANGES);
    assert_non_null(bytes);
    size_t size = m.size;
    if (size)
        memcpy(bytes, m.data, size);
    for (uint64_t k = 1 + qg_rng_below(&r, CHANGES); k > 0; k--)
        size = change(bytes, size, &r);
    run(t, bytes, size);
    free(bytes);
    qg_file_unmap(&m);
}

static void run_corpus(target *t, const char *name)
{
    char *file[MOST_FILES], folder[128];
    qg_arena *a = qg_arena_create(0);
    assert_non_null(a);
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", name);
    qg_log_quiet(true);
    int n = list(file, folder, a);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        qg_map m;
        qt_ok(qg_file_map(&m, file[i]));
        run(t, m.size ? m.data : "", m.size);
        qg_file_unmap(&m);
    }
    for (int i = 0; i < COPIES; i++)
        run_changed(t, file, n, name, i);
    qg_log_quiet(false);
    print_message("%d files, %d changed copies\n", n, COPIES);
    qg_arena_destroy(a);
}

#define FUZZ_TARGET(name)                                                                          \
    static void name##_is_read_or_refused(void **state)                                            \
    {                                                                                              \
        (void)state;                                                                               \
        run_corpus(fuzz_##name, #name);                                                            \
    }
#include "targets.def"
#undef FUZZ_TARGET

static const struct CMUnitTest tests[] = {
#define FUZZ_TARGET(name) cmocka_unit_test(name##_is_read_or_refused),
#include "targets.def"
#undef FUZZ_TARGET
};
QT_MAIN("fuzz corpus", tests)
