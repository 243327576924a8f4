/*
 * test_tokenizer.c - all of tests/golden/data/tokenizer, IndoBERT's vocabulary on SmSA, and
 * invariants of offsets on random Unicode.
 */
#include "text/wordpiece.h"
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/rng.h"
#include "qgrid/str.h"
#include "qgrid/tokenizer.h"

#include <stdlib.h>
#include <string.h>

static qg_tokenizer *make(qg_arena *a, bool lower, int accents)
{
    qg_tokenizer *t;
    qt_ok(qg_wordpiece_make(&t, a, qt_golden("tokenizer/vocab.txt"), lower, accents));
    return t;
}

/* Offsets are in order and inside the text; points and bytes agree; words contain their tokens. */
static void check_offsets(const qg_encoding *e, const char *text, size_t len)
{
    int32_t last = 0, chars = (int32_t)qg_utf8_length(text, len);
    for (int i = 1; i < e->n - 1; i++) {
        assert_true(e->start[i] >= 0 && e->start[i] < e->end[i] && e->end[i] <= chars);
        assert_true(e->start[i] >= last);
        last = e->start[i];
        qt_eq("byte of point", (long long)qg_utf8_length(text, (size_t)e->byte_start[i]),
              e->start[i]);
        qt_eq("byte of end", (long long)qg_utf8_length(text, (size_t)e->byte_end[i]), e->end[i]);
        int w = e->word[i];
        assert_true(w >= 0 && w < e->n_words);
        assert_true(e->word_start[w] <= e->start[i] && e->end[i] <= e->word_end[w]);
    }
}

static bool same_ids(const qg_tokenizer *t, qg_arena *a, const char *text, int limit,
                     const qg_json *want)
{
    qg_encoding e;
    qt_ok(qg_tokenizer_encode(&e, t, a, text, strlen(text), limit));
    check_offsets(&e, text, strlen(text));
    if (e.n != want->count)
        return false;
    const qg_json *v = want->child;
    for (int i = 0; i < e.n; i++, v = v->next)
        if (e.ids[i] != (int)v->number)
            return false;
    return true;
}

static void check(const qg_tokenizer *t, qg_arena *a, const qg_json *c, const char *text, int limit,
                  const char *key, const char *or_key)
{
    const qg_json *want = qg_json_get(c, key), *other = or_key ? qg_json_get(c, or_key) : NULL;
    if (!want || same_ids(t, a, text, limit, want) || (other && same_ids(t, a, text, limit, other)))
        return;
    fail_msg("%s: %s differs for '%s'", qg_json_get(c, "id") ? qg_json_get(c, "id")->string : "?",
             key, text);
}

static int run_cases(const char *file)
{
    int n = 0;
    size_t size;
    char *text;
    qg_arena *a = qg_arena_create(0), *scratch = qg_arena_create(0);
    qg_tokenizer *t = make(a, true, -1), *cased = make(a, false, -1), *accents = make(a, true, 0);
    qt_ok(qg_file_read(&text, &size, a, qt_golden(file), (size_t)1 << 30));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n++) {
        qg_json_doc d;
        qg_mark m = qg_arena_mark(scratch);
        qt_without_nul(line, strlen(line));
        qt_ok(qg_json_parse(&d, scratch, file, line, strlen(line)));
        const char *s = qg_json_get(d.root, "text")->string;
        check(t, scratch, d.root, s, 0, "ids", "fast_ids");
        check(t, scratch, d.root, s, 16, "ids_max16", "fast_ids_max16");
        /* Where slow and fast differ (unassigned code points) only the slow one's are stored. */
        if (qg_json_get(d.root, "fast_same")->boolean) {
            check(cased, scratch, d.root, s, 0, "cased_ids", NULL);
            check(accents, scratch, d.root, s, 0, "keep_accents_ids", NULL);
        }
        const qg_json *tokens = qg_json_get(d.root, "tokens");
        qg_encoding e;
        qt_ok(qg_tokenizer_encode(&e, t, scratch, s, strlen(s), 0));
        if (tokens && qg_json_get(d.root, "fast_same")->boolean) {
            qt_eq("tokens", e.n - 2, tokens->count);
            const qg_json *v = tokens->child;
            for (int i = 1; i < e.n - 1; i++, v = v->next)
                assert_string_equal(qg_tokenizer_token(t, e.ids[i]), v->string);
        }
        qg_arena_release(scratch, m);
    }
    qg_arena_destroy(scratch);
    qg_arena_destroy(a);
    return n;
}

static void rows_of_data_sets_equal_hugging_face(void **state)
{
    (void)state;
    qt_eq("cases", run_cases("tokenizer/cases_smsa.jsonl"), 500);
}

static void nasty_strings_equal_hugging_face(void **state)
{
    (void)state;
    qt_eq("cases", run_cases("tokenizer/cases_nasty.jsonl"), 223);
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void token_statistics(qg_tokenizer *t, qg_arena *a, const char *file, int median, int p95,
                             int most)
{
    int n = 0, *count = qg_arena_alloc(a, 20000, sizeof *count);
    size_t size;
    char *text;
    qt_ok(qg_file_read(&text, &size, a, qt_shared(file), (size_t)1 << 30));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        qg_encoding e;
        char *tab = strrchr(line, '\t');
        qt_ok(qg_tokenizer_encode(&e, t, a, line, (size_t)(tab - line), 0));
        for (int i = 0; i < e.n; i++)
            if (e.ids[i] == qg_tokenizer_specials(t).unk)
                fail_msg("[UNK] at %d in: %s", e.start[i], line);
        count[n++] = e.n;
    }
    qsort(count, (size_t)n, sizeof *count, by_number);
    qt_eq("median", count[n / 2], median);
    qt_close("p95", count[(n * 95 + 99) / 100 - 1], p95, 0, 1);
    qt_eq("most", count[n - 1], most);
}

static void indobert_vocabulary_on_smsa(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_tokenizer *t;
    qt_ok(qg_tokenizer_load(&t, a, qt_shared("data/indobert")));
    qt_eq("entries", qg_tokenizer_size(t), 30521);
    qt_eq("yang", qg_tokenizer_id(t, "yang"), 34);
    qt_eq("tidak", qg_tokenizer_id(t, "tidak"), 119);
    qt_eq("bagus", qg_tokenizer_id(t, "bagus"), 1305);
    qt_eq("mask", qg_tokenizer_specials(t).mask, 4);
    qt_eq("max length", qg_tokenizer_max_length(t), 0);
    qg_encoding e;
    qt_ok(qg_tokenizer_encode(&e, t, a, "Tidak tidak", 11, 0));
    qt_eq("cased: unknown", e.ids[1], 1); /* do_lower_case is false in this folder */
    qt_eq("lower case: known", e.ids[2], 119);
    qt_ok(qg_wordpiece_make(&t, a, qt_shared("data/indobert/vocab.txt"), true, -1));
    token_statistics(t, a, "data/smsa/test_preprocess.tsv", 26, 58, 111);
    token_statistics(t, a, "data/smsa/train_preprocess.tsv", 33, 79, 132);
    qg_arena_destroy(a);
}

static void offsets_hold_on_random_unicode(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_tokenizer *t = make(a, true, -1);
    static const int32_t alphabet[] = {'a',    'B',    ' ',    '.',    '-',   '\n',    0xe9,
                                       0x301,  0x4e2d, 0x200d, 0xac00, 0x130, 0x1f600, 0xfe0f,
                                       0x2028, 0x3000, 0,      '[',    'M',   ']',     '#'};
    for (uint64_t round = 0; round < 3000; round++) {
        qg_rng r = qg_rng_make(3, "test/tokenizer", round);
        qg_mark m = qg_arena_mark(a);
        qg_str s = {0};
        uint64_t n = qg_rng_below(&r, 60);
        for (uint64_t i = 0; i < n; i++) {
            int32_t c = alphabet[qg_rng_below(&r, sizeof alphabet / sizeof alphabet[0])];
            if (qg_rng_below(&r, 10) == 0)
                c = (int32_t)qg_rng_below(&r, 0xd800);
            char u[4];
            int w = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            if (w == 1)
                u[0] = (char)c;
            else
                u[0] = (char)(((0xf00 >> w) & 0xff) | (c >> 6 * (w - 1)));
            for (int b = 1; b < w; b++)
                u[b] = (char)(0x80 | (c >> 6 * (w - 1 - b) & 0x3f));
            qg_str_addn(&s, u, (size_t)w);
            if (qg_rng_below(&r, 40) == 0)
                qg_str_add(&s, "[MASK]");
        }
        qg_str_add(&s, "x");
        qt_eq("valid", (long long)qg_utf8_check(s.data, s.len), (long long)s.len);
        qg_encoding e;
        qt_ok(qg_tokenizer_encode(&e, t, a, s.data, s.len, round % 3 ? 0 : 10));
        check_offsets(&e, s.data, s.len);
        assert_true(e.n >= 2 && (round % 3 || e.n <= 10));
        qg_str_fini(&s);
        qg_arena_release(a, m);
    }
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_of_data_sets_equal_hugging_face),
    cmocka_unit_test(nasty_strings_equal_hugging_face),
    cmocka_unit_test(indobert_vocabulary_on_smsa),
    cmocka_unit_test(offsets_hold_on_random_unicode),
};
QT_GOLDEN_MAIN("tokenizer", tests)
