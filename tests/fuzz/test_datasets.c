/*
 * test_datasets.c - mutated files: whatever comes out is valid, or an error with a place.
 */
#include "qt.h"

#include "qgrid/dataset.h"
#include "qgrid/lines.h"
#include "qgrid/rng.h"

#include <string.h>

enum { ROUNDS = 1500, MAX_SIZE = 512 };

static const char *const labels[] = {"positive", "neutral", "negative", NULL};

static const struct {
    const char *format, *text;
} seeds[] = {
    {"csv",
     "id,text,label\r\n1,\"a \"\"b\"\",\n\nc\",neutral\n2,d,positive\n3,\xc3\xa9,negative\n"},
    {"tweets", "Date\tTweet\tsentiment\n1\t\"a\n\nb\"\t0\n2\t\xf0\x9f\x98\xa3 c\t1\n3\td\t2\n"},
    {"smsa", "a b\tneutral\nc\tpositive\r\n\xc3\xa9\tnegative"},
    {"jsonl", "{\"text\": \"a\", \"label\": \"neutral\", \"id\": 1}\n"
              "{\"text\": \"\\u00e9\", \"label\": \"positive\", \"id\": \"x\"}\n"},
    {"lines", "a\n\nb\xc3\xa9\r\nc"},
};

/* Sets, drops, copies and repeats bytes, those with a meaning more often than others. */
static size_t mutate(char *text, size_t size, qg_rng *r)
{
    static const char special[] = "\"\"\"\n\n\r\t,;{}[]:\\\0\xff\xc3\xef\xbb\xbf 0a";
    int edits = 1 + (int)qg_rng_below(r, 6);
    while (edits-- > 0 && size > 0) {
        size_t at = (size_t)qg_rng_below(r, size), left = size - at;
        size_t n = 1 + (size_t)qg_rng_below(r, left < 8 ? left : 8);
        switch (qg_rng_below(r, 4)) {
        case 0:
            text[at] = (char)qg_rng_u32(r);
            break;
        case 1:
            text[at] = special[qg_rng_below(r, sizeof special - 1)];
            break;
        case 2:
            memmove(text + at, text + at + n, left - n);
            size -= n;
            break;
        default:
            if (size + n <= MAX_SIZE) {
                memmove(text + at + n, text + at, left);
                size += n;
            }
        }
    }
    return size;
}

static void check_dataset(const qg_dataset *ds)
{
    assert_true(ds->n > 0);
    assert_true(ds->records == ds->n + ds->skipped + ds->empty);
    for (int64_t i = 0; i < ds->n; i++) {
        assert_true(ds->label[i] >= -1 && ds->label[i] < 3);
        assert_true(ds->text_len[i] > 0);
        qt_eq("NUL bytes", (long long)strlen(ds->text[i]), (long long)ds->text_len[i]);
        qt_eq("UTF-8", (long long)qg_utf8_check(ds->text[i], ds->text_len[i]),
              (long long)ds->text_len[i]);
        assert_true(ds->line[i] > (i ? ds->line[i - 1] : 0));
        assert_non_null(ds->sample_id[i]);
    }
    for (int i = 0; i < ds->skipped_listed; i++)
        assert_true(ds->skipped_rows[i].line > 0 && ds->skipped_rows[i].code == QG_EFORMAT);
}

static void mutated_datasets_are_read_or_refused(void **state)
{
    (void)state;
    const char *path = qt_tmp("data");
    char text[MAX_SIZE];
    int read = 0, refused = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        size_t kind = round % (sizeof seeds / sizeof seeds[0]);
        qg_rng r = qg_rng_make(1, "fuzz/datasets", round);
        size_t size = strlen(seeds[kind].text);
        memcpy(text, seeds[kind].text, size);
        size = mutate(text, size, &r);
        qt_write(path, text, size);
        for (int on_error = 0; on_error < 2; on_error++) {
            qg_dataset ds;
            qg_arena *a = qg_arena_create((size_t)64 << 20);
            qg_dataset_spec spec = {.name = "x", .path = path, .format = seeds[kind].format};
            spec.on_error = on_error;
            spec.normalize = (int)(round / 5 % 3);
            qg_code rc = qg_dataset_load(&ds, a, &spec, labels);
            if (rc == QG_OK) {
                check_dataset(&ds);
                read++;
            } else {
                qt_eq("code", rc, QG_EFORMAT);
                assert_string_equal(qg_error_last()->path, path);
                refused++;
            }
            qg_arena_destroy(a);
        }
    }
    assert_true(read > ROUNDS / 4 && refused > ROUNDS / 4);
}

static void mutated_streams_are_read_to_the_end(void **state)
{
    (void)state;
    static const char seed[] = "{\"text\": \"a\\\"b\", \"id\": \"x\\\\\"}\n{\"ids\": [3, 17, 4]}\n"
                               "{\"id\": -1.5e3, \"text\": \"\xc3\xa9\"}\n";
    const char *path = qt_tmp("lines");
    char text[MAX_SIZE];
    for (uint64_t round = 0; round < ROUNDS; round++) {
        qg_rng r = qg_rng_make(1, "fuzz/lines", round);
        memcpy(text, seed, sizeof seed - 1);
        size_t size = mutate(text, sizeof seed - 1, &r), lines = 1;
        qt_write(path, text, size);
        for (size_t i = 0; i < size; i++)
            lines += text[i] == '\n';
        qg_lines in;
        qg_line line;
        bool more = true;
        qg_arena *a = qg_arena_create((size_t)64 << 20);
        qt_ok(qg_lines_open(&in, path, round % 4 ? QG_LINES_JSONL : QG_LINES_TEXT));
        for (size_t i = 0; more; i++) {
            assert_true(i <= lines);
            qg_code rc = qg_lines_next(&line, &more, &in, a);
            assert_true(rc == QG_OK || rc == QG_EFORMAT);
            if (rc == QG_OK && more)
                assert_true(!line.text != !line.ids);
        }
        qg_lines_close(&in);
        qg_arena_destroy(a);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(mutated_datasets_are_read_or_refused),
    cmocka_unit_test(mutated_streams_are_read_to_the_end),
};
QT_MAIN("fuzz datasets", tests)
