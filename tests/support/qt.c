/*
 * qt.c - test support.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char tmp_dir[256];

int qt_run(const char *group, const struct CMUnitTest *tests, size_t n)
{
    return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}

void qt_close(const char *what, double got, double want, double rtol, double atol)
{
    qt_close_f64(what, &got, &want, 1, rtol, atol);
}

static void check_one(const char *what, size_t i, double got, double want, double rtol, double atol)
{
    double err = fabs(got - want);
    if (!(err <= atol + rtol * fabs(want)))
        fail_msg("%s[%zu]: got %.17g, want %.17g, difference %.3g", what, i, got, want, err);
}

void qt_close_f64(const char *what, const double *got, const double *want, size_t n, double rtol,
                  double atol)
{
    for (size_t i = 0; i < n; i++)
        check_one(what, i, got[i], want[i], rtol, atol);
}

void qt_close_f32(const char *what, const float *got, const float *want, size_t n, double rtol,
                  double atol)
{
    for (size_t i = 0; i < n; i++)
        check_one(what, i, (double)got[i], (double)want[i], rtol, atol);
}

void qt_nan(const char *what, double got)
{
    if (!isnan(got))
        fail_msg("%s: got %g, undefined is expected", what, got);
}

void qt_same(const char *what, const void *got, const void *want, size_t n, size_t size)
{
    const unsigned char *g = got, *w = want;
    for (size_t i = 0; i < n; i++)
        if (memcmp(g + i * size, w + i * size, size) != 0) {
            char gh[64] = "", wh[64] = "";
            for (size_t b = 0; b < size && b < 16; b++) {
                snprintf(gh + 2 * b, 3, "%02x", g[i * size + b]);
                snprintf(wh + 2 * b, 3, "%02x", w[i * size + b]);
            }
            fail_msg("%s[%zu of %zu]: bytes %s, want %s", what, i, n, gh, wh);
        }
}

void qt_eq(const char *what, long long got, long long want)
{
    if (got != want)
        fail_msg("%s: got %lld, want %lld", what, got, want);
}

void qt_ok(qg_code rc)
{
    char text[1024];
    if (rc == QG_OK)
        return;
    qg_error_format(text, sizeof text, qg_error_last());
    fail_msg("unexpected failure: %s", text);
}

void qt_fails(qg_code rc, qg_code code, ...)
{
    char text[1024];
    va_list ap;
    if (rc == QG_OK)
        fail_msg("succeeded, %s was expected", qg_code_name(code));
    qg_error_format(text, sizeof text, qg_error_last());
    if (rc != code || qg_error_last()->code != code)
        fail_msg("failed with %s, %s was expected: %s", qg_code_name(rc), qg_code_name(code), text);
    va_start(ap, code);
    for (const char *piece; (piece = va_arg(ap, const char *));)
        if (!strstr(text, piece))
            fail_msg("message lacks '%s': %s", piece, text);
    va_end(ap);
}

static const char *golden_set = "tests/golden/data";

int qt_run_golden(const char *group, const struct CMUnitTest *tests, size_t n)
{
    static char larger[1024];
    const char *chosen = getenv("QGRID_GOLDEN"), *shared = getenv("QGRID_SHARED");
    if (chosen)
        golden_set = chosen;
    int failed = qt_run(group, tests, n);
    snprintf(larger, sizeof larger, "%s/golden/dev", shared ? shared : "../shared");
    if (chosen || access(larger, R_OK) != 0)
        return failed;
    print_message("and over %s:\n", larger);
    golden_set = larger;
    failed += qt_run(group, tests, n);
    return failed;
}

static const char *below(const char *root, const char *relative)
{
    static char path[8][1024];
    static int at;
    char *p = path[at++ % 8];
    snprintf(p, sizeof path[0], "%s/%s", root, relative);
    return p;
}

const char *qt_golden(const char *relative)
{
    const char *p = below(golden_set, relative);
    if (access(p, R_OK) != 0)
        fail_msg("%s is absent", p);
    return p;
}

const char *qt_shared(const char *relative)
{
    const char *root = getenv("QGRID_SHARED");
    const char *p = below(root ? root : "../shared", relative);
    if (access(p, R_OK) != 0) {
        print_message("SKIPPED: %s is absent\n", p);
        skip();
    }
    return p;
}

static void remove_tmp(void)
{
    char cmd[300];
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", tmp_dir);
    if (system(cmd) != 0)
        fprintf(stderr, "cannot remove %s\n", tmp_dir);
}

const char *qt_tmp(const char *name)
{
    static char path[8][512];
    static int at;
    if (!tmp_dir[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(tmp_dir, sizeof tmp_dir, "%.200s/qt-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(tmp_dir))
            fail_msg("cannot make a temporary folder");
        atexit(remove_tmp);
    }
    char *p = path[at++ % 8];
    snprintf(p, sizeof path[0], "%s/%s", tmp_dir, name);
    return p;
}

void qt_write(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        fail_msg("cannot write %s", path);
}

void qt_without_nul(char *json, size_t size)
{
    for (size_t i = 0; i + 6 <= size; i++) {
        if (json[i] != '\\')
            continue;
        if (memcmp(json + i, "\\u0000", 6) == 0)
            memcpy(json + i, "\\ufffd", 6);
        i++; /* what is escaped begins no escape */
    }
}

const qg_json *qt_json(qg_arena *a, const char *path)
{
    char *text;
    size_t size;
    qg_json_doc *doc = qg_arena_alloc(a, 1, sizeof *doc);
    assert_non_null(doc);
    qt_ok(qg_file_read(&text, &size, a, path, (size_t)1 << 30));
    qt_without_nul(text, size);
    qt_ok(qg_json_parse(doc, a, path, text, size));
    return doc->root;
}

static size_t count_numbers(const qg_json *v)
{
    size_t n = v->type == QG_JSON_NUMBER || v->type == QG_JSON_BOOL || v->type == QG_JSON_NULL;
    for (const qg_json *m = v->child; m; m = m->next)
        n += count_numbers(m);
    return n;
}

static double *fill_numbers(double *out, const qg_json *v)
{
    if (v->type == QG_JSON_NUMBER)
        *out++ = v->number;
    else if (v->type == QG_JSON_BOOL)
        *out++ = v->boolean;
    else if (v->type == QG_JSON_NULL)
        *out++ = NAN;
    for (const qg_json *m = v->child; m; m = m->next)
        out = fill_numbers(out, m);
    return out;
}

double *qt_numbers(qg_arena *a, const qg_json *v, size_t *n)
{
    *n = count_numbers(v);
    double *out = qg_arena_alloc(a, *n, sizeof *out);
    assert_non_null(out);
    fill_numbers(out, v);
    return out;
}

void qt_torture(qg_code (*fn)(qg_arena *a, void *ctx), void *ctx)
{
    for (long n = 0; n < 1000000; n++) {
        qg_arena *a = qg_arena_create(0);
        assert_non_null(a);
        qg_arena_fail_after(a, n);
        qg_code rc = fn(a, ctx);
        qg_arena_destroy(a);
        if (rc == QG_OK)
            return;
        if (rc != QG_ENOMEM)
            fail_msg("allocation %ld failed, and the result is %s", n, qg_code_name(rc));
    }
    fail_msg("never succeeded");
}
