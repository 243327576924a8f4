/*
 * test_dataset.c - loading of datasets: every format, every mistake, labels, sampling, comparison.
 */
#include "dataset_case.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <string.h>

static void smsa_maps_label_names_onto_the_labels_of_the_job(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa"),
               "\xef\xbb\xbf"
               "bagus .\tpositive\nburuk\tnegative\r\nbiasa \xc3\xa9\tneutral"));
    qt_eq("rows", ds.n, 3);
    row_is(&ds, 0, "bagus .", 0, "0", 1);
    row_is(&ds, 1, "buruk", 2, "1", 2);
    row_is(&ds, 2, "biasa \xc3\xa9", 1, "2", 3);
    assert_null(ds.known_as);
    qt_eq("hash", (long long)strlen(ds.sha256), 64);
    qg_arena_destroy(a);
}

static void tweets_are_read_as_published(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "tweets"),
               "sentiment\tDate\tTweet\tUser\r\n"
               "0\td\t\"baris \"\"satu\"\"\n\nbaris\ttiga \"\tu\r\n"
               "2\td\t buruk, sekali \tu\r\n"
               "1\t\t\"x\"\t"));
    qt_eq("rows", ds.n, 3);
    row_is(&ds, 0, "baris \"satu\"\n\nbaris\ttiga ", 0, "0", 2);
    row_is(&ds, 1, " buruk, sekali ", 2, "1", 5);
    row_is(&ds, 2, "x", 1, "2", 6);
    qg_arena_destroy(a);
}

static void csv_takes_its_columns_by_name(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a,
               SPEC(.format = "csv", .delimiter = ";", .text_column = "raw", .label_column = "y",
                    .id_column = "nr",
                    .label_map = object(a, "{\"0\": \"negative\", \"2\": \"positive\"}")),
               "\xef\xbb\xbf"
               "\"nr\";raw;y\r\n\r\na7;\"a;b\r\nc\";2\r\n\n\"\";d,;0\n"));
    qt_eq("rows", ds.n, 2);
    row_is(&ds, 0, "a;b\r\nc", 0, "a7", 3);
    row_is(&ds, 1, "d,", 2, "", 6);
    qg_arena_destroy(a);
}

static void csv_without_a_label_column_is_unlabelled(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv"), "id,text\nk1,a\nk2,b"));
    row_is(&ds, 0, "a", -1, "k1", 2);
    row_is(&ds, 1, "b", -1, "k2", 3);
    qt_ok(
        LOAD(&ds, a, SPEC(.format = "csv"), "text,label\n\"\"\"q\"\"\",neutral\n\n\nb,negative\n"));
    row_is(&ds, 0, "\"q\"", 1, "0", 2);
    row_is(&ds, 1, "b", 2, "1", 5);
    qg_arena_destroy(a);
}

static void jsonl_takes_its_keys_by_name(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "jsonl"),
               "{\"text\": \"a\\tb\", \"label\": \"negative\", \"id\": 7}\n  \r\n"
               "{\"id\": \"x\", \"label\": \"neutral\", \"text\": \"\\u00e9\", \"more\": []}\r\n"
               "{\"label\": \"neutral\", \"text\": \"c\", \"id\": null}"));
    row_is(&ds, 0, "a\tb", 2, "7", 1);
    row_is(&ds, 1, "\xc3\xa9", 1, "x", 3);
    row_is(&ds, 2, "c", 1, "2", 4);
    qt_ok(LOAD(&ds, a,
               SPEC(.format = "jsonl", .text_column = "t", .label_column = "y", .id_column = "i",
                    .label_map = object(a, "{\"1\": \"neutral\", \"0.5\": \"positive\"}")),
               "{\"t\": \"a\", \"y\": 1, \"i\": 1.5}\n{\"t\": \"b\", \"y\": 0.5, \"i\": \"j\"}\n"));
    row_is(&ds, 0, "a", 1, "1.5", 1);
    row_is(&ds, 1, "b", 0, "j", 2);
    qt_ok(LOAD(&ds, a, SPEC(.format = "jsonl"), "{\"text\": \"a\"}\n"));
    row_is(&ds, 0, "a", -1, "0", 1);
    qg_arena_destroy(a);
}

static void lines_are_unlabelled_texts(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "lines"), "a\tb\r\n\n c \nd"));
    qt_eq("rows", ds.n, 3);
    qt_eq("records", ds.records, 4);
    qt_eq("empty", ds.empty, 1);
    row_is(&ds, 0, "a\tb", -1, "0", 1);
    row_is(&ds, 1, " c ", -1, "2", 3);
    row_is(&ds, 2, "d", -1, "3", 4);
    qg_arena_destroy(a);
}

static void bad_rows_are_refused_with_their_place(void **state)
{
    (void)state;
#define T(s) (s), sizeof(s) - 1
    static const struct {
        const char *format, *text;
        size_t size;
        const char *place, *msg;
    } bad[] = {
        {"smsa", T(""), "data: ", "the file is empty"},
        {"smsa",
         T("\xff\xfe"
           "a"),
         "data:1:1: ", "the file is UTF-16, which \"encoding\": \"utf-16\" reads"},
        {"smsa", T("\xef\xbb\xbf"), "data: ", "no usable row: 0 records, 0 empty texts"},
        {"smsa", T("a\tpositive\nb positive\n"),
         "data:2:1: ", "1 tab-separated field found, 2 are expected (text, label)"},
        {"smsa", T("a\tb\tpositive\n"), "data:1:1: ", "3 tab-separated fields found"},
        {"smsa", T("a\tpositive\n\n"), "data:2:1: ", "1 tab-separated field found"},
        {"smsa", T("a\tpositive\n\xc3\xa9 b\tpositve\n"),
         "data:2:6: label: ", "label 'positve' is not one of: positive, neutral, negative"},
        {"smsa", T("a\tpositive\nab\xc3(\tneutral\n"),
         "data:2:3: ", "byte 0xc3 is not valid UTF-8"},
        {"smsa", T("a\0b\tpositive\n"), "data:1:2: ", "a NUL byte, which no text may hold"},
        {"smsa", T(" \tpositive\n"), "data: ", "no usable row: 1 records, 1 empty"},
        {"lines", T("a\nb\xed\xa0\x80\n"), "data:2:2: ", "byte 0xed is not valid UTF-8"},
        {"csv", T("\n\n"), "data:1: ", "the header is missing"},
        {"csv", T("a,label\nx,positive\n"),
         "data:1: ", "the header lacks column 'text', it has: a, label"},
        {"csv", T("text;label\nx;positive\n"),
         "data:1: ", "it has: text;label (is the delimiter right?)"},
        {"csv", T("text,text\nx,y\n"), "data:1:6: ", "column 'text' occurs twice in the header"},
        {"csv", T("text,la\xffxel\nx,y\n"), "data:1:8: ", "byte 0xff is not valid UTF-8"},
        {"csv", T("text,\"label\nx,y\n"), "data:1:6: ", "the quote that opens here is not closed"},
        {"csv", T("text\n"), "data: ", "no usable row: 0 records"},
        {"csv", T("text,label\n\"a\nb\",positive\n\"c\nd\"\n"),
         "data:4:1: ", "1 field found, the header has 2"},
        {"csv", T("text,label\na,b,neutral\n"), "data:2:1: ", "3 fields found, the header has 2"},
        {"csv", T("text,label\n\"a\nb\",bad\n"),
         "data:3:4: label: ", "label 'bad' is not one of: positive, neutral, negative"},
        {"csv", T("text,label\na,\n"), "data:2:3: label: ", "label '' is not one of"},
        {"csv", T("text,label\n\"a\nb\" x,neutral\n"), "data:2:1: ",
         "the quote that opens here is not closed: the next one, in line 3, has text after it"},
        {"csv", T("text,label\n\"a b\" x,neutral\n"), "data:2:6: ",
         "text after the closing quote of a field; quotes inside a field are doubled"},
        {"csv", T("text,label\na b\"c,neutral\n"),
         "data:2:4: ", "a quote inside a field that does not begin with one"},
        {"csv", T("text,label\na,neutral\nb,\"neutral\n\nc,neutral\n"),
         "data:3:3: ", "the quote that opens here is not closed"},
        {"csv", T("text,label\n\"a\n\xc3\xa9\x80\",neutral\n"),
         "data:3:3: ", "byte 0x80 is not valid UTF-8"},
        {"csv", T("text,label\n\"a\n\nb\0\",neutral\n"), "data:4:2: ", "a NUL byte"},
        {"tweets", T("Date,User,Tweet,sentiment\n1,2,3,4\n"), "data:1: ",
         "lacks column 'Tweet', it has: Date,User,Tweet,sentiment (is the delimiter right?)"},
        {"tweets", T("Date\tTweet\nx\ty\n"),
         "data:1: ", "lacks column 'sentiment', it has: Date, Tweet"},
        {"tweets", T("Tweet\tsentiment\nx\t7\n"),
         "data:2:3: sentiment: ", "label '7' is not one of: 0, 1, 2, positive, neutral, negative"},
        {"jsonl", T("{\"text\": \"a\"}\n{\"text\" \"b\"}\n"),
         "data:2:9: ", "':' is expected after a key"},
        {"jsonl", T("\n[1]\n"), "data:2:1: ", "found an array, an object is expected"},
        {"jsonl", T("{\"txt\": \"a\"}\n"), "data:1:1: ", "key 'text' is missing"},
        {"jsonl", T("{\"text\": \"a\"}\n{\"id\": 1, \"text\": 1}\n"),
         "data:2:11: /text: ", "found a number, a string is expected"},
        {"jsonl", T("{\"text\": \"a\", \"id\": []}\n"),
         "data:1:15: /id: ", "found an array, a string or a number is expected"},
        {"jsonl", T("{\"text\": \"a\", \"label\": true}\n"),
         "data:1:15: label: ", "label 'true' is not one of: positive, neutral, negative"},
        {"jsonl", T("{\"text\": \"a\", \"label\": \"neutral\"}\n{\"text\": \"b\"}\n"),
         "data:2:1: ", "key 'label' is missing"},
        {"jsonl", T("{\"text\": \"a\"}\n{\"text\": \"b\", \"label\": \"neutral\"}\n"),
         "data:2:15: ", "a label, and the first record has none"},
        {"jsonl", T("{\"text\": \"a\", \"label\": 3}\n"),
         "data:1:15: label: ", "label '3' is not one of"},
        {"jsonl", T("{\"text\": \"a\"}\n{\"text\": \"\xff\"}\n"),
         "data:2:11: ", "byte 0xff is not valid UTF-8"},
        {"jsonl", T("{\"text\": \"a\0b\"}\n"), "data:1:12: ", "a NUL byte"},
        {"jsonl", T(" \n"), "data: ", "no usable row: 0 records"},
    };
#undef T
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qg_dataset ds;
        qg_arena *a = qg_arena_create(0);
        qg_dataset_spec spec = {.format = bad[i].format, .rules = {1, {QG_TEXT_WHITESPACE}}};
        qt_fails(load(&ds, a, spec, bad[i].text, bad[i].size), QG_EFORMAT, bad[i].place, bad[i].msg,
                 NULL);
        qg_arena_destroy(a);
    }
}

static void columns_that_a_job_names_must_be_there(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    const qg_json *map = object(a, "{\"1\": \"neutral\"}");
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .label_column = "y"), "text,label\na,neutral\n"),
             QG_EFORMAT, "data:1: ", "lacks column 'y', it has: text, label", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .id_column = "nr"), "text,label\na,neutral\n"),
             QG_EFORMAT, "lacks column 'nr'", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .label_map = map), "text,y\na,1\n"), QG_EFORMAT,
             "lacks column 'label'", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "jsonl", .id_column = "nr"), "{\"text\": \"a\"}\n"),
             QG_EFORMAT, "data:1:1: ", "key 'nr' is missing", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "jsonl", .label_column = "y"), "{\"text\": \"a\"}\n"),
             QG_EFORMAT, "data:1:1: ", "key 'y' is missing", NULL);
    qg_arena_destroy(a);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qg_dataset_spec spec = {.name = "ds", .format = "lines", .path = qt_tmp("missing")};
    qt_fails(qg_dataset_load(&ds, a, &spec, labels), QG_EIO, "missing: cannot open: No such file",
             NULL);
    spec.path = "/tmp";
    qt_fails(qg_dataset_load(&ds, a, &spec, labels), QG_EIO, "/tmp: is not a regular file", NULL);
    spec.format = NULL;
    qt_fails(qg_dataset_load(&ds, a, &spec, labels), QG_EJOB, "no format is known", NULL);
    qg_arena_destroy(a);
}

static void maps_to_labels_that_the_job_lacks_are_refused(void **state)
{
    (void)state;
    static const char *const two[] = {"positive", "negative", NULL};
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qg_dataset_spec spec = {.name = "ds", .path = qt_tmp("data"), .format = "tweets"};
    static const char text[] = "Tweet\tsentiment\nx\t0\ny\t1\n";
    qt_write(spec.path, text, sizeof text - 1);
    qt_fails(qg_dataset_load(&ds, a, &spec, two), QG_EFORMAT, "data:3:3: sentiment: ",
             "label '1' means neutral, the job's labels are: positive, negative", NULL);
    spec.label_map = object(a, "{\"0\": \"positif\"}");
    qt_fails(qg_dataset_load(&ds, a, &spec, two), QG_EJOB,
             "data: /0: ", "'positif' is not a label of the job, these are: positive, negative",
             NULL);
    qg_arena_destroy(a);
}

static void bad_rows_can_be_skipped_and_are_listed(void **state)
{
    (void)state;
    qg_dataset ds;
    char text[1024];
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1),
               "text,label\n"
               "a,neutral\n"
               "b,bad\n"
               "c\n"
               "d\"d,\"neutral\nstill skipped\"\n"
               "\xff,neutral\n"
               "e,neutral\n"
               "f,\"neutral\n"
               "g,negative\n"));
    /* The second half of the bad line 5 is a record of its own, with a quote that opens nothing. */
    static const int64_t lines[] = {3, 4, 5, 6, 7, 9};
    qt_eq("skipped", ds.skipped, 6);
    qt_eq("listed", ds.skipped_listed, 6);
    qt_eq("records", ds.records, 9);
    for (int i = 0; i < 6; i++)
        qt_eq("line", ds.skipped_rows[i].line, lines[i]);
    qg_error_format(text, sizeof text, &ds.skipped_rows[0]);
    assert_non_null(strstr(text, "data:3:3: label: label 'bad' is not one of"));
    assert_non_null(strstr(ds.skipped_rows[5].msg, "not closed"));
    qt_eq("rows", ds.n, 3);
    row_is(&ds, 0, "a", 1, "0", 2);
    row_is(&ds, 1, "e", 1, "6", 8);
    row_is(&ds, 2, "g", 2, "8", 10);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), "text\n\"a\n"), QG_EFORMAT,
             "no usable row: 1 records, 1 skipped", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), "txt\na\n"), QG_EFORMAT,
             "lacks column 'text'", NULL);
    qg_arena_destroy(a);
}

static void only_the_first_skipped_rows_are_listed(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_str s = {0};
    qg_arena *a = qg_arena_create(0);
    static const char *const formats[] = {"smsa", "jsonl"};
    for (int i = 0; i < 250; i++)
        qg_str_add(&s, "x\n");
    qg_str_add(&s, "{\"text\":\"\ta\",\"label\":\"neutral\"}\ngood\tneutral\n");
    qg_str_add(&s, "{\"text\":\"a\",\"label\":\"neutral\"}\n");
    for (int i = 0; i < 2; i++) {
        qt_ok(load(&ds, a, SPEC(.format = formats[i], .on_error = 1), s.data, s.len));
        qt_eq("skipped", ds.skipped, 252);
        qt_eq("listed", ds.skipped_listed, QG_SKIPPED_MAX);
        qt_eq("last", ds.skipped_rows[99].line, 100);
        qt_eq("rows", ds.n, 1);
    }
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static void lines_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    qg_dataset ds;
    size_t size = ((size_t)16 << 20) + 1;
    qg_arena *a = qg_arena_create(0);
    char *text = qg_arena_alloc(a, size + 1, 1);
    assert_non_null(text);
    memset(text, 'x', size);
    qt_fails(load(&ds, a, SPEC(.format = "lines"), text, size), QG_EFORMAT,
             "data:1:1: ", "the line has 16777217 bytes, at most 16777216 are read", NULL);
    text[1] = '\n';
    qt_ok(load(&ds, a, SPEC(.format = "lines"), text, size));
    qt_eq("length", (long long)ds.text_len[1], (long long)size - 2);
    qg_arena_destroy(a);
}

static void duplicates_conflicts_and_empty_texts_are_counted(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const char text[] = "a b\tneutral\na  b\tneutral\n a b\tnegative\na b\tpositive\n"
                               "c\tneutral\nc\tneutral\n\tneutral\n  \tneutral\nd\tneutral\n";
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa", .rules = {1, {QG_TEXT_WHITESPACE}}), text));
    qt_eq("records", ds.records, 9);
    qt_eq("empty", ds.empty, 2);
    qt_eq("rows", ds.n, 7);
    qt_eq("duplicates", ds.duplicates, 4);
    qt_eq("conflicting", ds.conflicting, 1);
    row_is(&ds, 6, "d", 1, "8", 9);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa"), text));
    qt_eq("empty as it stands", ds.empty, 2);
    qt_eq("duplicates as they stand", ds.duplicates, 2);
    /* U+00A0, U+3000, U+200B and U+FEFF, U+00AD with a tab; the last text has a letter */
    qt_ok(LOAD(
        &ds, a, SPEC(.format = "csv"),
        "text,label\n\xc2\xa0,neutral\n\xe3\x80\x80 ,neutral\n"
        "\xe2\x80\x8b\xef\xbb\xbf,neutral\n\xc2\xad\t,neutral\n\xe2\x80\x8b\xc2\xa0x,neutral\n"));
    qt_eq("nothing to read", ds.empty, 4);
    qt_eq("something to read", ds.n, 1);
    qg_arena_destroy(a);
}

static void many_texts_are_told_apart(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_str s = {0};
    qg_arena *a = qg_arena_create(0);
    for (int i = 0; i < 5000; i++)
        qg_str_addf(&s, "text %d\n", i % 3000);
    qt_ok(load(&ds, a, SPEC(.format = "lines"), s.data, s.len));
    qt_eq("duplicates", ds.duplicates, 2000);
    qt_eq("conflicting", ds.conflicting, 0);
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static void shared_rows_ignore_case_and_spaces(void **state)
{
    (void)state;
    qg_dataset x, y;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&x, a, SPEC(.format = "lines"), "Hari ini\nB\nC\n"));
    qt_ok(LOAD(&y, a, SPEC(.format = "lines"), "hari \t INI\n hari ini\nD\nb\nbb\n"));
    qt_eq("rows of y in x", qg_dataset_shared(&x, &y), 3);
    qt_eq("rows of x in y", qg_dataset_shared(&y, &x), 2);
    qg_arena_destroy(a);
}

/* Texts t0 ... t(n - 1) with the labels 0 0 0 1 0 0 0 1 ... */
static void sampled(qg_dataset *ds, qg_arena *a, qg_dataset_spec spec, int n)
{
    qg_str s = {0};
    for (int i = 0; i < n; i++)
        qg_str_addf(&s, "t%d\t%s\n", i, labels[i % 4 == 3]);
    spec.format = "smsa";
    qt_ok(load(ds, a, spec, s.data, s.len));
    qg_str_fini(&s);
}

static bool has_text(const qg_dataset *ds, const char *text)
{
    for (int64_t i = 0; i < ds->n; i++)
        if (strcmp(ds->text[i], text) == 0)
            return true;
    return false;
}

static void samples_keep_the_order_and_depend_on_seed_and_record_only(void **state)
{
    (void)state;
    qg_dataset small, large, other, longer;
    qg_arena *a = qg_arena_create(0);
    sampled(&small, a, SPEC(.sampling = {.count = 40, .seed = 42}), 400);
    sampled(&large, a, SPEC(.sampling = {.fraction = 0.25, .seed = 42}, .on_error = 1), 400);
    sampled(&other, a, SPEC(.sampling = {.count = 40, .seed = 43}), 400);
    sampled(&longer, a, SPEC(.sampling = {.count = 400, .seed = 42}), 400);
    qt_eq("small", small.n, 40);
    qt_eq("large", large.n, 100);
    qt_eq("all", longer.n, 400);
    qt_eq("records", small.records, 400);
    int same = 0;
    for (int64_t i = 0; i < small.n; i++) {
        assert_true(i == 0 || small.line[i] > small.line[i - 1]);
        assert_true(has_text(&large, small.text[i]));
        same += has_text(&other, small.text[i]);
    }
    assert_true(same < 20);
    qg_arena_destroy(a);
}

static void samples_have_the_size_that_was_asked_for(void **state)
{
    (void)state;
    static const char *const two[] = {"positive", "neutral", NULL};
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    sampled(&ds, a, SPEC(.sampling = {.fraction = 0.05}), 30);
    qt_eq("half rounds up", ds.n, 2);
    sampled(&ds, a, SPEC(.sampling = {.fraction = 0.01}), 30);
    qt_eq("at least one", ds.n, 1);
    sampled(&ds, a, SPEC(.sampling = {.fraction = 1}), 30);
    qt_eq("all", ds.n, 30);
    qg_dataset_spec spec = {.path = qt_tmp("data"), .format = "smsa", .sampling = {.per_class = 5}};
    qt_ok(qg_dataset_load(&ds, a, &spec, two));
    int of[2] = {0};
    for (int64_t i = 0; i < ds.n; i++)
        of[ds.label[i]]++;
    qt_eq("positive", of[0], 5);
    qt_eq("neutral", of[1], 5);
    qg_arena_destroy(a);
}

static void samples_larger_than_the_dataset_are_refused(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const char text[] = "a\tpositive\nb\tpositive\nc\tneutral\n";
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa", .sampling = {.count = 4}), text), QG_EJOB,
             "data: sample: ", "count: 4 rows are wanted, the dataset has 3", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa", .sampling = {.per_class = 2}), text), QG_EJOB,
             "per_class: 2 rows are wanted, class 'neutral' has 1", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "lines", .sampling = {.per_class = 2}), "a\nb\n"), QG_EJOB,
             "class 'positive' has 0", NULL);
    qg_arena_destroy(a);
}

static qg_code load_something(qg_arena *a, void *ctx)
{
    const char *const *path = ctx;
    qg_dataset ds;
    qg_dataset_spec spec = {.name = "x", .rules = {1, {QG_TEXT_LETTERS}}, .on_error = 1};
    spec.sampling.fraction = 0.5;
    spec.path = path[0];
    spec.format = path[1];
    return qg_dataset_load(&ds, a, &spec, labels);
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    static const char csv[] = "Tweet\tsentiment\na b\t1\n\"c\nd\"\t2\nx\tbad\ny\n\"z\n";
    static const char json[] = "{\"text\": \"a\", \"id\": 1}\n{\"text\": \"b\"}\nx\n";
    const char *arg[] = {qt_tmp("torture"), "tweets"};
    qt_write(arg[0], csv, sizeof csv - 1);
    qt_torture(load_something, arg);
    qt_write(arg[0], json, sizeof json - 1);
    arg[1] = "jsonl";
    qt_torture(load_something, arg);
    arg[1] = "lines";
    qt_torture(load_something, arg);
}

static void formats_are_found_by_name_and_extension(void **state)
{
    (void)state;
    int n = 0;
    for (; qg_formats[n]; n++) {
        assert_ptr_equal(qg_format_find(qg_formats[n]->name), qg_formats[n]);
        assert_non_null(qg_formats[n]->summary);
        if (n > 0)
            assert_true(strcmp(qg_formats[n - 1]->name, qg_formats[n]->name) < 0);
    }
    qt_eq("formats", n, 6);
    assert_null(qg_format_find("excel"));
    assert_string_equal(qg_format_of_path("a.b/x.tsv")->name, "smsa");
    assert_string_equal(qg_format_of_path("x.y.csv")->name, "csv");
    assert_string_equal(qg_format_of_path("x.ndjson")->name, "jsonl");
    assert_string_equal(qg_format_of_path("x.txt")->name, "lines");
    assert_null(qg_format_of_path("a.csv/x"));
    assert_null(qg_format_of_path("x.ts"));
    assert_null(qg_format_of_path("x."));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(smsa_maps_label_names_onto_the_labels_of_the_job),
    cmocka_unit_test(tweets_are_read_as_published),
    cmocka_unit_test(csv_takes_its_columns_by_name),
    cmocka_unit_test(csv_without_a_label_column_is_unlabelled),
    cmocka_unit_test(jsonl_takes_its_keys_by_name),
    cmocka_unit_test(lines_are_unlabelled_texts),
    cmocka_unit_test(bad_rows_are_refused_with_their_place),
    cmocka_unit_test(columns_that_a_job_names_must_be_there),
    cmocka_unit_test(a_file_that_cannot_be_read_says_why),
    cmocka_unit_test(maps_to_labels_that_the_job_lacks_are_refused),
    cmocka_unit_test(bad_rows_can_be_skipped_and_are_listed),
    cmocka_unit_test(only_the_first_skipped_rows_are_listed),
    cmocka_unit_test(lines_beyond_the_limit_are_refused),
    cmocka_unit_test(duplicates_conflicts_and_empty_texts_are_counted),
    cmocka_unit_test(many_texts_are_told_apart),
    cmocka_unit_test(shared_rows_ignore_case_and_spaces),
    cmocka_unit_test(samples_keep_the_order_and_depend_on_seed_and_record_only),
    cmocka_unit_test(samples_have_the_size_that_was_asked_for),
    cmocka_unit_test(samples_larger_than_the_dataset_are_refused),
    cmocka_unit_test(every_failing_allocation_is_reported),
    cmocka_unit_test(formats_are_found_by_name_and_extension),
};
QT_MAIN("dataset", tests)
