/*
 * test_noise.c - perturbed texts: what each perturbation does, what its draws depend on, and from
 * which word each word is.
 */
#include "qt.h"

#include "qgrid/noise.h"
#include "qgrid/rng.h"

#include <string.h>

static qg_noisy apply(qg_arena *a, qg_perturbation what, double level, int64_t seed,
                      const char *text)
{
    qg_noisy out;
    qg_noise how = {.n = 1, .what = {what}, .level = {level}, .seed = seed};
    qt_ok(qg_noise_apply(&out, a, &how, text, strlen(text)));
    qt_eq("length", (long long)out.len, (long long)strlen(out.text));
    return out;
}

static const char some[] = "Makanannya sangat enak, tapi pelayanannya tidak bagus sekali!";

static void level_0_changes_nothing(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    for (int i = 0; i < QG_PERTURBATIONS; i++) {
        qg_noisy t = apply(a, (qg_perturbation)i, 0, 42, some);
        assert_string_equal(t.text, some);
        qt_eq("words", t.n_words, 8);
        for (int w = 0; w < 8; w++)
            qt_eq("from", t.from[w], w);
    }
    qg_arena_destroy(a);
}

static void level_1_changes_every_place(void **state)
{
    static const struct {
        qg_perturbation what;
        const char *text, *want;
    } rows[] = {
        {QG_PERTURBATION_DROP_CHARACTERS, "ab c", "ab c"}, /* nothing would be left */
        {QG_PERTURBATION_SWAP_WORDS, "a  b\tc d ", "b  c\td a "},
        {QG_PERTURBATION_SWAP_WORDS, "satu", "satu"},
        {QG_PERTURBATION_SWAP_WORDS, " ", " "},
        {QG_PERTURBATION_UPPER_CASE, "Ini \xc3\xa9nak, a1", "INI \xc3\xa9NAK, A1"},
        {QG_PERTURBATION_DROP_PUNCTUATION, "\"Enak\", ya? :) \xe2\x80\x94 e-mail",
         "Enak ya   email"},
        {QG_PERTURBATION_SLANG, "SALAH (Bangun)", "SALAH (Bangun)"},
    };
    (void)state;
    qg_arena *a = qg_arena_create(0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(apply(a, rows[i].what, 1, 7, rows[i].text).text, rows[i].want);
    qg_arena_destroy(a);
}

/* What swapped, merged and lost words are from. */
static void words_know_where_they_are_from(void **state)
{
    static const int32_t swapped[] = {1, 2, 3, 0};
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_noisy t = apply(a, QG_PERTURBATION_SWAP_WORDS, 1, 7, "a b c d");
    qt_eq("words", t.n_words, 4);
    for (int i = 0; i < 4; i++)
        qt_eq("from", t.from[i], swapped[i]);
    t = apply(a, QG_PERTURBATION_DROP_PUNCTUATION, 1, 7, "baik , sekali");
    qt_eq("words", t.n_words, 2);
    qt_eq("first", t.from[0], 0);
    qt_eq("second", t.from[1], 2);
    t = apply(a, QG_PERTURBATION_INTENSIFIERS, 1, 7, "enak banget, sih");
    qt_eq("enak", t.from[0], 0);
    for (int i = 1; i < t.n_words - 1; i++)
        qt_eq("said more than once", t.from[i], -1);
    qt_eq("sih", t.from[t.n_words - 1], 2);
    qg_arena_destroy(a);
}

static int count(const char *text, const char *piece)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, piece)); p += strlen(piece))
        n++;
    return n;
}

static void words_of_tables_are_found_in_any_case(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const char *s = apply(a, QG_PERTURBATION_SLANG, 1, 7, "\"Tidak,\" katanya").text;
    assert_true(!strcmp(s, "\"gak,\" katanya") || !strcmp(s, "\"nggak,\" katanya") ||
                !strcmp(s, "\"ga,\" katanya") || !strcmp(s, "\"tdk,\" katanya"));
    s = apply(a, QG_PERTURBATION_INTENSIFIERS, 1, 7, "Banget! biasa").text;
    int n = count(s, "Banget");
    assert_true(n >= 2 && n <= 4);
    s = apply(a, QG_PERTURBATION_REPEAT_LETTERS, 1, 7, "bagus! 12").text;
    size_t more = strlen(s) - strlen("bagus! 12");
    assert_true(more >= 2 && more <= 4);
    assert_memory_equal(s, "bagusss", 7);
    assert_string_equal(s + strlen(s) - 4, "! 12");
    qg_arena_destroy(a);
}

/* One slip: texts one edit away (a swap counts as one), of words of two or more letters. */
static void a_typo_is_one_slip(void **state)
{
    int kind[3] = {0};
    (void)state;
    qg_arena *a = qg_arena_create(0);
    for (int seed = 0; seed < 300; seed++) {
        const char *s = apply(a, QG_PERTURBATION_TYPOS, 1, seed, "a bagus").text;
        size_t n = strlen(s);
        assert_memory_equal(s, "a ", 2);
        assert_true(n >= 6 && n <= 8);
        kind[n - 6]++;
        assert_string_not_equal(s, "a bagus");
        size_t same = 0, tail = 0;
        while (s[2 + same] && s[2 + same] == "bagus"[same])
            same++;
        while (tail < 5 - same && tail < n - 2 - same && s[n - 1 - tail] == "bagus"[4 - tail])
            tail++;
        assert_true(5 - same - tail <= 2);
    }
    assert_true(kind[0] > 40 && kind[1] > 100 && kind[2] > 40);
    qg_arena_destroy(a);
}

/* u > r keeps a character: the plain loop over the same draws. */
static void characters_are_dropped_by_their_draws(void **state)
{
    char want[sizeof some], *p = want;
    (void)state;
    qg_arena *a = qg_arena_create(0);
    uint64_t h = 0xcbf29ce484222325U;
    for (const char *s = some; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3U;
    qg_rng rng = qg_rng_make(42, "noise/drop_characters", h);
    for (const char *s = some; *s; s++)
        if (qg_rng_uniform(&rng) > 0.3)
            *p++ = *s;
    *p = 0;
    assert_string_equal(apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.3, 42, some).text, want);
    qg_arena_destroy(a);
}

static bool is_part(const char *part, const char *of)
{
    for (; *of; of++)
        part += *part == *of;
    return !*part;
}

static void more_noise_changes_what_less_noise_changes(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const char *less = apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.1, 42, some).text;
    const char *more = apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.4, 42, some).text;
    assert_true(strlen(more) < strlen(less) && is_part(more, less));
    less = apply(a, QG_PERTURBATION_UPPER_CASE, 0.3, 42, some).text;
    more = apply(a, QG_PERTURBATION_UPPER_CASE, 0.8, 42, some).text;
    for (int i = 0; less[i]; i++)
        assert_false(less[i] < 'a' && less[i] > 'A' && more[i] > 'a');
    qg_arena_destroy(a);
}

static void another_seed_or_text_has_other_draws(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const char *one = apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.3, 42, some).text;
    assert_string_equal(one, apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.3, 42, some).text);
    assert_string_not_equal(one, apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.3, 43, some).text);
    /* The share of 20000 characters, within five standard deviations. */
    char text[20001];
    memset(text, 'x', 20000);
    text[20000] = 0;
    double n = (double)apply(a, QG_PERTURBATION_DROP_CHARACTERS, 0.3, 42, text).len;
    assert_true(n > 14000 - 5 * 64.8 && n < 14000 + 5 * 64.8);
    qg_arena_destroy(a);
}

static qg_code reads(qg_noise *out, qg_arena *a, const char *text)
{
    qg_json_doc doc;
    *out = (qg_noise){0};
    qt_ok(qg_json_parse(&doc, a, "job.json", text, strlen(text)));
    return qg_noise_read(out, &doc, doc.root);
}

static void perturbations_are_read_in_their_order(void **state)
{
    qg_noise how;
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qt_ok(reads(&how, a, "{\"slang\": 1, \"typos\": 0.25}"));
    qt_eq("n", how.n, 2);
    qt_eq("first", how.what[0], QG_PERTURBATION_SLANG);
    qt_eq("second", how.what[1], QG_PERTURBATION_TYPOS);
    assert_true(how.level[1] == 0.25);
    qt_fails(reads(&how, a, "{\"typo\": 1}"), QG_EJOB, "perturbation 'typo' is not one of", NULL);
    qt_fails(reads(&how, a, "{\"typos\": 1.01}"), QG_EJOB, "a chance is a number in [0, 1]", NULL);
    qt_fails(reads(&how, a, "{\"typos\": \"x\"}"), QG_EJOB, "a chance is a number in [0, 1]", NULL);
    qt_fails(reads(&how, a, "{}"), QG_EJOB, "is empty", NULL);
    qt_fails(reads(&how, a, "[]"), QG_EJOB, "found an array", NULL);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(level_0_changes_nothing),
    cmocka_unit_test(level_1_changes_every_place),
    cmocka_unit_test(words_know_where_they_are_from),
    cmocka_unit_test(words_of_tables_are_found_in_any_case),
    cmocka_unit_test(a_typo_is_one_slip),
    cmocka_unit_test(characters_are_dropped_by_their_draws),
    cmocka_unit_test(more_noise_changes_what_less_noise_changes),
    cmocka_unit_test(another_seed_or_text_has_other_draws),
    cmocka_unit_test(perturbations_are_read_in_their_order),
};
QT_MAIN("noise", tests)
