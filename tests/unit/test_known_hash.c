/*
 * test_known_hash.c - hashes of large files are remembered, and forgotten when the file changes.
 */
#include "qt.h"

#include "nn/packed/known_hash.h"
#include "qgrid/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { SIZE = 17 << 20 };

/* A file of SIZE bytes `fill`. */
static const char *big_file(char *path, int fill)
{
    char *bytes = malloc(SIZE);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_non_null(bytes);
    memset(bytes, fill, SIZE);
    assert_int_equal(fwrite(bytes, 1, SIZE, f), SIZE);
    assert_int_equal(fclose(f), 0);
    free(bytes);
    return path;
}

static void set_time(const char *path, time_t seconds)
{
    const struct timespec both[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, both, 0), 0);
}

static int records(const char *cache)
{
    char command[4200], line[32] = "";
    snprintf(command, sizeof command, "ls %s/sha256 2>/dev/null | wc -l", cache);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_non_null(fgets(line, sizeof line, p));
    pclose(p);
    return atoi(line);
}

static void large_files_are_remembered_until_they_change(void **state)
{
    (void)state;
    char cache[4096], path[4096], first[QG_SHA256_HEX], again[QG_SHA256_HEX], want[QG_SHA256_HEX];
    snprintf(cache, sizeof cache, "%s", qt_tmp("hash-cache"));
    snprintf(path, sizeof path, "%s", qt_tmp("big.bin"));
    big_file(path, 'a');
    set_time(path, time(NULL) + 3600);
    qt_ok(qg_known_hash(first, path, cache));
    qt_ok(qg_sha256_file(want, path));
    assert_string_equal(first, want);
    assert_int_equal(records(cache), 0); /* too young */
    set_time(path, 1000000);
    double start = qg_clock();
    while (records(cache) == 0) { /* once the change of its time is old enough, too */
        assert_true(qg_clock() - start < 300);
        qt_ok(qg_known_hash(again, path, cache));
        assert_string_equal(again, want);
    }
    assert_int_equal(records(cache), 1);
    qt_ok(qg_known_hash(again, path, cache));
    assert_string_equal(again, want);
    big_file(path, 'b');
    qt_ok(qg_sha256_file(want, path));
    qt_ok(qg_known_hash(again, path, cache));
    assert_string_equal(again, want);
    assert_string_not_equal(again, first);
}

static void missing_files_are_named(void **state)
{
    (void)state;
    char hex[QG_SHA256_HEX];
    qt_fails(qg_known_hash(hex, "/nowhere/model.bin", "/nowhere"), QG_EIO, "cannot open", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_files_are_remembered_until_they_change),
        cmocka_unit_test(missing_files_are_named),
    };
    return qt_run("known_hash", tests, sizeof tests / sizeof tests[0]);
}
