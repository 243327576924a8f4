/*
 * test_dataset_near.c - near-duplicates: those that comparing all pairs finds, and no others.
 */
#include "qt_arena.h"

#include "io/dataset_rows.h"
#include "qgrid/rng.h"

#include <string.h>

enum { ROWS = 120, LETTERS = 120 };

typedef struct table {
    qg_dataset d;
    const char *text[ROWS];
    size_t len[ROWS];
    int64_t line[ROWS];
} table;

static void put(table *t, const char *text)
{
    int64_t i = t->d.n++;
    t->text[i] = text;
    t->len[i] = strlen(text);
    t->line[i] = i + 1;
    t->d.text = t->text;
    t->d.text_len = t->len;
    t->d.line = t->line;
}

/* Similarity by its definition, piece by piece. */
static double jaccard__ref(const char *x, const char *y)
{
    size_t n = strlen(x) - 4, m = strlen(y) - 4, both = 0, distinct_x = 0, distinct_y = 0;
    for (size_t i = 0; i < n; i++) {
        bool again = false, there = false;
        for (size_t j = 0; j < i; j++)
            again |= memcmp(x + i, x + j, 5) == 0;
        for (size_t j = 0; j < m; j++)
            there |= memcmp(x + i, y + j, 5) == 0;
        distinct_x += !again;
        both += !again && there;
    }
    for (size_t i = 0; i < m; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again |= memcmp(y + i, y + j, 5) == 0;
        distinct_y += !again;
    }
    return (double)both / (double)(distinct_x + distinct_y - both);
}

static void pairs_are_those_that_comparing_all_finds(void **state)
{
    static table x, y;
    (void)state;
    qg_rng key = qg_rng_make(7, "test/near", 0);
    for (int i = 0; i < ROWS; i++) {
        qg_rng r = qg_rng_stream(&key, (uint64_t)i);
        char *text = qg_arena_alloc(arena, LETTERS + 1, 1),
             *twin = qg_arena_alloc(arena, LETTERS + 1, 1);
        assert_true(text && twin);
        for (int k = 0; k < LETTERS; k++)
            text[k] = (char)('a' + qg_rng_u64(&r) % 6);
        memcpy(twin, text, LETTERS);
        for (int change = 0; change < i % 7; change++) /* 0: the same text */
            twin[qg_rng_u64(&r) % LETTERS] = 'z';
        put(&x, text);
        put(&y, twin);
    }
    qg_near near[ROWS];
    qg_near_index of_x, of_y;
    qt_ok(qg_near_index_make(&of_x, arena, &x.d));
    qt_ok(qg_near_index_make(&of_y, arena, &y.d));
    qt_ok(qg_dataset_near(near, &of_x, &of_y));
    int found = 0, close = 0;
    for (int i = 0; i < ROWS; i++) {
        double best = 0;
        for (int j = 0; j < ROWS; j++) {
            double s = jaccard__ref(x.text[j], y.text[i]);
            best = s > best ? s : best;
        }
        if (near[i].row >= 0) {
            double s = jaccard__ref(x.text[near[i].row], y.text[i]);
            qt_close("similarity", near[i].similarity, s, 0, 0);
            qt_close("the nearest", s, best, 0, 0);
            assert_true(s >= QG_NEAR);
            found++;
        } else {
            assert_true(best < QG_NEAR + 0.05); /* at the limit one in thousands may be missed */
        }
        close += best >= QG_NEAR;
    }
    assert_true(found > 30 && found >= close - 1);
}

static void case_and_spaces_do_not_matter_and_short_texts_are_compared_whole(void **state)
{
    static table x, y;
    (void)state;
    put(&x, "Makanan  nya enak");
    put(&x, "ok");
    put(&x, "pelayanan nya ramah sekali dan tempat nya bersih");
    put(&y, "makanan nya ENAK");
    put(&y, "OK");
    put(&y, "no");
    put(&y, "pelayanan nya ramah sekali dan tempat nya bersih!");
    qg_near near[4];
    qg_near_index of_x, of_y;
    qt_ok(qg_near_index_make(&of_x, arena, &x.d));
    qt_ok(qg_near_index_make(&of_y, arena, &y.d));
    qt_ok(qg_dataset_near(near, &of_x, &of_y));
    qt_eq("first", near[0].row, 0);
    qt_close("equal", near[0].similarity, 1, 0, 0);
    qt_eq("short", near[1].row, 1);
    qt_eq("another", near[2].row, -1);
    qt_eq("one more sign", near[3].row, 2);
    /* " nya " occurs twice */
    qt_close("43 of 44 pieces", near[3].similarity, 43.0 / 44.0, 0, 1e-15);
    qg_near_rows rows;
    qt_ok(qg_dataset_near_rows(&rows, arena, &of_x, &of_y));
    qt_eq("equal ones are not counted", rows.n, 1);
    qt_eq("line", rows.line, 4);
    qt_eq("its line there", rows.other_line, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pairs_are_those_that_comparing_all_finds),
        CASE(case_and_spaces_do_not_matter_and_short_texts_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
