/*
 * test_vocab_train.c - vocabularies by hand, against a plain reference, and as the tokenizer reads
 * them.
 */
#include "text/wordpiece.h"
#include "qt.h"

#include "qgrid/rng.h"
#include "qgrid/str.h"
#include "qgrid/tokenizer.h"
#include "qgrid/vocab_train.h"

#include <stdio.h>
#include <string.h>

typedef struct vocabulary {
    const char *const *token;
    int n;
    qg_vocab_count count;
} vocabulary;

static qg_vocab_options options(int size)
{
    qg_vocab_options o = qg_vocab_options_default;
    o.size = size;
    return o;
}

static qg_code make(vocabulary *out, qg_arena *a, const char *const *texts, qg_vocab_options o)
{
    qg_vocab_trainer *t;
    QG_TRY(qg_vocab_trainer_make(&t, a, &o));
    for (; *texts; texts++)
        QG_TRY(qg_vocab_trainer_add(t, *texts, strlen(*texts)));
    QG_TRY(qg_vocab_trainer_finish(&out->token, &out->n, t));
    out->count = qg_vocab_trainer_count(t);
    return QG_OK;
}

static void same_tokens(const vocabulary *v, const char *const *want)
{
    for (int i = 0; want[i]; i++) {
        assert_true(i < v->n);
        assert_string_equal(v->token[i], want[i]);
    }
    assert_null(want[v->n]);
}

/* The example of Hugging Face's course, chapter 6: hug 10, pug 5, pun 12, bun 4, hugs 5 times. */
static void the_textbook_example_comes_out(void **state)
{
    (void)state;
    static const char *const want[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "b",    "h",
                                       "p",     "##g",   "##n",   "##s",   "##u",    "##ug", "##un",
                                       "hug",   "pun",   "pug",   "hugs",  "bun",    NULL};
    static const struct {
        const char *word;
        int times;
    } words[] = {{"hug", 10}, {"pug", 5}, {"pun", 12}, {"bun", 4}, {"hugs", 5}};
    qg_arena *a = qg_arena_create(0);
    qg_str s = {0};
    vocabulary v;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < words[i].times; k++)
            qg_str_addf(&s, "%s ", words[i].word);
    const char *texts[] = {s.data, NULL};
    qt_ok(make(&v, a, texts, options(100)));
    same_tokens(&v, want);
    qt_eq("words", v.count.words, 36);
    qt_eq("different", v.count.distinct, 5);
    qt_eq("characters", v.count.characters, 7);
    qt_ok(make(&v, a, texts, options(14)));
    qt_eq("the size is kept", v.n, 14);
    assert_string_equal(v.token[13], "##un");
    qg_vocab_options o = options(100);
    o.min_pair = 16;
    qt_ok(make(&v, a, texts, o));
    assert_string_equal(v.token[v.n - 1], "##un");
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static void words_are_those_of_the_tokenizer(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Kucing, KUCING\tCaf\xc3\xa9! \xe4\xbd\xa0\xe5\xa5\xbd [SEP] x\x01y", NULL};
    static const char *const lower[] = {"!", ",", "c", "k", "x", "\xe4\xbd\xa0", "\xe5\xa5\xbd",
                                        NULL};
    qg_arena *a = qg_arena_create(0);
    vocabulary v;
    qg_vocab_options o = options(100);
    o.min_pair = 100;
    qt_ok(make(&v, a, texts, o));
    for (int i = 0; lower[i]; i++)
        assert_string_equal(v.token[5 + i], lower[i]);
    assert_string_equal(v.token[12], "##a");
    assert_string_equal(v.token[14], "##e");
    o.lower_case = false;
    qt_ok(make(&v, a, texts, o));
    assert_string_equal(v.token[7], "C");
    assert_string_equal(v.token[v.n - 1], "##\xc3\xa9");
    qg_arena_destroy(a);
}

/* Joins by counting everything anew each time. */
enum { WORDS = 40, LENGTH = 12, PIECES = 400 };

typedef struct naive {
    char piece[PIECES][2 * LENGTH];
    int n, word[WORDS][LENGTH], length[WORDS], times[WORDS];
} naive;

static int naive_piece(naive *m, const char *text)
{
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->piece[i], text) == 0)
            return i;
    size_t len = strlen(text);
    assert_true(len < sizeof m->piece[0]);
    memcpy(m->piece[m->n], text, len + 1);
    return m->n++;
}

static int naive_best(const naive *m, int *left, int *right)
{
    static int count[PIECES][PIECES];
    int best = 0;
    memset(count, 0, sizeof count);
    for (int w = 0; w < WORDS; w++)
        for (int i = 0; i + 1 < m->length[w]; i++)
            count[m->word[w][i]][m->word[w][i + 1]] += m->times[w];
    for (int l = 0; l < m->n; l++)
        for (int r = 0; r < m->n; r++)
            if (count[l][r] > best) {
                best = count[l][r];
                *left = l;
                *right = r;
            }
    return best;
}

static void naive_join(naive *m, int left, int right)
{
    char text[4 * LENGTH];
    snprintf(text, sizeof text, "%s%s", m->piece[left], m->piece[right] + 2);
    int joined = naive_piece(m, text);
    for (int w = 0; w < WORDS; w++) {
        int n = 0;
        for (int i = 0; i < m->length[w]; i++) {
            bool here = i + 1 < m->length[w] && m->word[w][i] == left && m->word[w][i + 1] == right;
            m->word[w][n++] = here ? joined : m->word[w][i];
            i += here;
        }
        m->length[w] = n;
    }
}

/* Words over three letters, so that pairs overlap and ties abound. */
static void joins_are_those_of_a_plain_count(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        static naive m;
        qg_arena *a = qg_arena_create(0);
        qg_rng rng = qg_rng_make(seed, "vocab", 0);
        qg_str forward = {0}, backward = {0};
        const char *text[WORDS];
        vocabulary v, other;
        m.n = 0;
        for (const char *p = "[PAD]\0[UNK]\0[CLS]\0[SEP]\0[MASK]\0a\0b\0c\0##a\0##b\0##c\0"; *p;
             p += strlen(p) + 1)
            naive_piece(&m, p);
        for (int w = 0; w < WORDS; w++) {
            char word[LENGTH + 1] = "";
            m.length[w] = w < 6 ? 2 : 1 + (int)qg_rng_below(&rng, LENGTH);
            m.times[w] = 1 + (int)qg_rng_below(&rng, 4);
            for (int i = 0; i < m.length[w]; i++) {
                char c = (char)('a' + (w < 6 ? (i ? w / 2 : w % 3) : (int)qg_rng_below(&rng, 3)));
                char piece[4] = {'#', '#', c};
                word[i] = c;
                m.word[w][i] = naive_piece(&m, i ? piece : piece + 2);
            }
            for (int k = 0; k < m.times[w]; k++)
                qg_str_addf(&forward, "%s ", word);
            text[w] = qg_arena_printf(a, "%s ", word);
        }
        for (int w = WORDS - 1; w >= 0; w--)
            for (int k = 0; k < m.times[w]; k++)
                qg_str_add(&backward, text[w]);
        int left, right;
        while (m.n < 60 && naive_best(&m, &left, &right) >= 2)
            naive_join(&m, left, right);
        qt_ok(make(&v, a, (const char *[]){forward.data, NULL}, options(60)));
        qt_ok(make(&other, a, (const char *[]){backward.data, NULL}, options(60)));
        qt_eq("pieces", v.n, m.n);
        qt_eq("in another order", other.n, v.n);
        for (int i = 0; i < v.n; i++) {
            assert_string_equal(v.token[i], m.piece[i]);
            assert_string_equal(other.token[i], m.piece[i]);
        }
        qg_str_fini(&forward);
        qg_str_fini(&backward);
        qg_arena_destroy(a);
    }
}

static void rare_characters_stay_out(void **state)
{
    (void)state;
    static const char *const texts[] = {"aa aa ab ab \xc3\xb8\xc3\xb8 a\xe2\x98\x83 q", NULL};
    static const char *const want[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a",
                                       "##a",   "##b",   "aa",    "ab",    NULL};
    qg_arena *a = qg_arena_create(0);
    vocabulary v;
    qg_vocab_options o = options(100);
    o.alphabet = 2;
    qt_ok(make(&v, a, texts, o));
    same_tokens(&v, want);
    qt_eq("characters", v.count.characters, 2);
    qt_eq("words left out", v.count.left_out, 3);
    o = options(100);
    o.min_character = 2;
    qt_ok(make(&v, a, texts, o));
    qt_eq("characters that occur twice", v.count.characters, 3);
    qt_eq("words left out of these", v.count.left_out, 2);
    qg_arena_destroy(a);
}

static void the_tokenizer_reads_it(void **state)
{
    (void)state;
    static const char *const texts[] = {"tidak suka, tidak enak! sukaaa", "enak sekali 100%", NULL};
    qg_arena *a = qg_arena_create(0);
    qg_str s = {0};
    qg_tokenizer *t;
    qg_encoding e;
    vocabulary v;
    qt_ok(make(&v, a, texts, options(60)));
    for (int i = 0; i < v.n; i++)
        qg_str_addf(&s, "%s\n", v.token[i]);
    qt_write(qt_tmp("vocab.txt"), s.data, s.len);
    qt_ok(qg_wordpiece_make(&t, a, qt_tmp("vocab.txt"), true, -1));
    qt_eq("[MASK]", qg_tokenizer_specials(t).mask, 4);
    for (int i = 0; texts[i]; i++) {
        qt_ok(qg_tokenizer_encode(&e, t, a, texts[i], strlen(texts[i]), 0));
        for (int k = 0; k < e.n; k++)
            assert_true(e.ids[k] != qg_tokenizer_specials(t).unk);
    }
    qt_ok(qg_tokenizer_encode(&e, t, a, "tidak", 5, 0));
    qt_eq("a word that occurs twice is one piece", e.n, 3);
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    vocabulary v;
    qt_fails(make(&v, a, (const char *[]){"abc", NULL}, options(7)), QG_EUSAGE,
             "of 7 does not hold", "which are 8", NULL);
    qt_fails(make(&v, a, (const char *[]){" \t", NULL}, options(7)), QG_EFORMAT, "no words", NULL);
    qg_arena_destroy(a);
}

static qg_code make_small(qg_arena *a, void *ctx)
{
    vocabulary v;
    return make(&v, a, ctx, options(40));
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    qt_torture(make_small, (void *)(const char *[]){"satu dua tiga empat lima satu dua", NULL});
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_textbook_example_comes_out),
    cmocka_unit_test(words_are_those_of_the_tokenizer),
    cmocka_unit_test(joins_are_those_of_a_plain_count),
    cmocka_unit_test(rare_characters_stay_out),
    cmocka_unit_test(the_tokenizer_reads_it),
    cmocka_unit_test(what_cannot_be_is_refused),
    cmocka_unit_test(memory_may_end_anywhere),
};
QT_MAIN("vocab_train", tests)
