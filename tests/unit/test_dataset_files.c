/*
 * test_dataset_files.c - data files as people have them: spreadsheets, stray quotes, other
 * character sets.
 */
#include "dataset_case.h"

#include "qgrid/str.h"

static void spreadsheets_leave_rows_of_empty_fields(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(
        LOAD(&ds, a, SPEC(.format = "csv"), "text,label\na,neutral\n,,\n,\n , \nb,positive\n,,,"));
    qt_eq("rows", ds.n, 2);
    qt_eq("records", ds.records, 2);
    row_is(&ds, 0, "a", 1, "0", 2);
    row_is(&ds, 1, "b", 0, "1", 6);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"), "text,label\n\"\",\n"), QG_EFORMAT,
             "data:2:4: label: ", "label '' is not one of", NULL);
    qg_arena_destroy(a);
}

static void quotes_can_be_characters(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const char text[] = "text\tlabel\n\"mantap\" kata ibu\tpositive\nkata "
                               "\"ibu\"\tneutral\n\"\tnegative\n\"\"\tneutral";
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .delimiter = "\t", .quoting = QG_QUOTING_NONE), text));
    qt_eq("rows", ds.n, 4);
    row_is(&ds, 0, "\"mantap\" kata ibu", 0, "0", 2);
    row_is(&ds, 1, "kata \"ibu\"", 1, "1", 3);
    row_is(&ds, 2, "\"", 2, "2", 4);
    row_is(&ds, 3, "\"\"", 1, "3", 5);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .delimiter = "\t"), text), QG_EFORMAT,
             "data:2:9: ", "or \"quoting\" is \"none\"", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .quoting = QG_QUOTING_NONE),
                  "text,label\na\0b,neutral\n"),
             QG_EFORMAT, "data:2:2: ", "a NUL byte", NULL);
    qg_arena_destroy(a);
}

/* One row is lost, and the place is that of the quote. */
static void a_quote_that_is_never_closed_costs_its_row(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const char inside[] = "text,label\na,neutral\n\"b,neutral\nc,neutral\nd,positive\n"
                                 "\"e\",negative\nf,positive\n",
                      last[] = "text,label\na,neutral\nc,\"neutral\nd,positive\nf,positive";
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"), inside), QG_EFORMAT, "data:3:1: ",
             "the quote that opens here is not closed: the next one, in line 6, has text after it",
             NULL);
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), inside));
    qt_eq("skipped", ds.skipped, 1);
    qt_eq("rows", ds.n, 5);
    row_is(&ds, 1, "c", 1, "2", 4);
    row_is(&ds, 3, "e", 2, "4", 6);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"), last), QG_EFORMAT,
             "data:3:3: ", "the quote that opens here is not closed", NULL);
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), last));
    qt_eq("skipped", ds.skipped, 1);
    qt_eq("rows", ds.n, 3);
    row_is(&ds, 2, "f", 0, "3", 5);
    qg_arena_destroy(a);
}

static void lines_may_end_in_carriage_returns(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa"), "a\tneutral\rb\tpositive\r"));
    qt_eq("rows", ds.n, 2);
    row_is(&ds, 1, "b", 0, "1", 2);
    qt_ok(LOAD(&ds, a, SPEC(.format = "lines"), "a\rb\r\rc"));
    qt_eq("rows", ds.n, 3);
    row_is(&ds, 2, "c", -1, "3", 4);
    qt_ok(LOAD(&ds, a, SPEC(.format = "jsonl"), "{\"text\": \"a\"}\r{\"text\": \"b\"}"));
    qt_eq("rows", ds.n, 2);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"), "text,label\ra,neutral\rb\rc,neutral"), QG_EFORMAT,
             "data:3:1: ", "1 field found, the header has 2", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa"), "a\tneutral\rb\xff\tneutral"), QG_EFORMAT,
             "data:2:2: ", "byte 0xff is not valid UTF-8", NULL);
    qg_arena_destroy(a);
}

static void other_character_sets_are_read_where_they_are_named(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa", .encoding = QG_LATIN_1), "caf\xe9 \xa0\tneutral\n"));
    row_is(&ds, 0, "caf\xc3\xa9 \xc2\xa0", 1, "0", 1);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa", .encoding = QG_CP1252), "\x80 \x93q\x94\tneutral\n"));
    row_is(&ds, 0, "\xe2\x82\xac \xe2\x80\x9cq\xe2\x80\x9d", 1, "0", 1);
    qt_fails(
        LOAD(&ds, a, SPEC(.format = "smsa", .encoding = QG_CP1252), "a\tneutral\nb\x81\tneutral\n"),
        QG_EFORMAT, "data:2:2: ", "bytes that are no text in CP1252", NULL);
    qt_ok(LOAD(&ds, a, SPEC(.format = "lines", .encoding = QG_UTF_16),
               "\xff\xfe"
               "a\0\xe9\0\n\0"
               "b\0"));
    qt_eq("rows", ds.n, 2);
    row_is(&ds, 0, "a\xc3\xa9", -1, "0", 1);
    qt_ok(
        LOAD(&ds, a, SPEC(.format = "lines", .encoding = QG_UTF_16), "\xfe\xff\0a\xd8\x3d\xde\0"));
    row_is(&ds, 0, "a\xf0\x9f\x98\x80", -1, "0", 1);
    qt_ok(LOAD(&ds, a, SPEC(.format = "lines", .encoding = QG_UTF_16), "a\0"));
    row_is(&ds, 0, "a", -1, "0", 1);
    qt_fails(LOAD(&ds, a, SPEC(.format = "lines", .encoding = QG_UTF_16), "a\0\0\xdc"), QG_EFORMAT,
             "data:1:2: ", "bytes that are no text in UTF-16", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "lines", .encoding = QG_UTF_16), "a\0b"), QG_EFORMAT,
             "data:1:2: ", "bytes that are no text in UTF-16", NULL);
    qg_arena_destroy(a);
}

static void ids_stay_as_they_are_typed(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "jsonl"),
               "{\"id\": 1410000000000000123, \"text\": \"a\"}\n{\"text\": \"b\", \"id\" : "
               "9007199254740993}\n"
               "{\"id\":-1.50e2,\"text\":\"c\"}\n{\"id\": \"007\", \"text\": \"d\"}"));
    row_is(&ds, 0, "a", -1, "1410000000000000123", 1);
    row_is(&ds, 1, "b", -1, "9007199254740993", 2);
    row_is(&ds, 2, "c", -1, "-1.50e2", 3);
    row_is(&ds, 3, "d", -1, "007", 4);
    qg_arena_destroy(a);
}

static void labels_may_be_whole_numbers_of_tables_and_truth_values(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    const qg_json *numbers = object(a, "{\"1\": \"positive\", \"-1\": \"negative\"}");
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .label_map = numbers),
               "text,label\na,1.0\nb,-1.00\nc,1\n"));
    qt_eq("label", ds.label[0], 0);
    qt_eq("label", ds.label[1], 2);
    qt_eq("label", ds.label[2], 0);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .label_map = numbers), "text,label\na,1.5\n"),
             QG_EFORMAT, "data:2:3: label: ", "label '1.5' is not one of", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .label_map = numbers), "text,label\na,10\n"),
             QG_EFORMAT, "data:2:3: label: ", "label '10' is not one of", NULL);
    qt_ok(LOAD(&ds, a,
               SPEC(.format = "jsonl",
                    .label_map = object(a, "{\"true\": \"positive\", \"false\": \"negative\"}")),
               "{\"text\": \"a\", \"label\": true}\n{\"text\": \"b\", \"label\": false}"));
    qt_eq("label", ds.label[0], 0);
    qt_eq("label", ds.label[1], 2);
    qg_arena_destroy(a);
}

static void a_label_map_is_proposed_for_labels_that_are_nearly_right(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"),
                  "text,label\na,Positif\nb,NEGATIF\nc,neutral\nd, netral\n"),
             QG_EFORMAT, "data:2:3: label: ",
             "\"label_map\": {\"Positif\": \"positive\", \"NEGATIF\": \"negative\", \" netral\": "
             "\"neutral\"} would take them",
             NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"), "text,label\na,2\nb,0\nc,1\n"), QG_EFORMAT,
             "data:2:3: label: ",
             "{\"2\": \"negative\", \"0\": \"positive\", \"1\": \"neutral\"} would take them, if "
             "they are numbered in the order of the labels",
             NULL);
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), "text,label\na,positive\nb,Neg\n"));
    assert_string_equal(ds.label_hint, "\"label_map\": {\"Neg\": \"negative\"} would take it");
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1),
               "text,label\na,positive\nb,Neg\nc,sarkas\n"));
    assert_null(ds.label_hint);
    qt_fails(
        LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), "text,label\na,Positive\nb, positive\n"),
        QG_EFORMAT, "data:2:3: ",
        "no usable row: 2 records, 2 skipped, 0 empty texts; of the reasons, 1 x label 'Positive' "
        "is "
        "not one of",
        "\"label_map\": {\"Positive\": \"positive\", \" positive\": \"positive\"} would take them");
    qg_arena_destroy(a);
}

/* The error is that of the first bad row, and the others are found, too. */
static void all_bad_rows_are_found(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv"), "text,label\na,x\nb\n\"c,neutral\nd,y\ne,x\n"),
             QG_EFORMAT, "data:2:3: label: ", "label 'x' is not one of", NULL);
    static const int line[] = {2, 3, 4, 5, 6};
    qt_eq("bad", ds.skipped, 5);
    for (int i = 0; i < 5; i++)
        qt_eq("line", ds.skipped_rows[i].line, line[i]);
    qt_eq("the same reason", ds.reason[0].rows, 2);
    qg_arena_destroy(a);
}

/* Ten at most, three for each reason, and what the others are. */
static void bad_rows_are_mistakes_of_the_job(void **state)
{
    (void)state;
    char text[1024];
    qg_dataset ds;
    qg_str s = {0};
    qg_arena *a = qg_arena_create(0);
    qg_json_doc job;
    qg_dataset_spec spec = {.format = "csv"};
    qg_problems problems = {.arena = a};
    qt_ok(qg_json_parse(&job, a, "job.json", "{\"d\": 1}", 8));
    qg_str_add(&s, "text,label\n");
    for (int i = 0; i < 6; i++)
        qg_str_add(&s, "a,x\n");
    qg_str_add(&s, "b\nc,neutral\n");
    qg_code rc = load(&ds, a, spec, s.data, s.len);
    spec.path = qt_tmp("data");
    (void)qg_dataset_problems(&problems, &ds, &spec, &job, job.root->child, rc);
    qt_eq("mistakes", problems.n, 5);
    for (int i = 0; i < 3; i++)
        qt_eq("line", problems.item[i].line, 2 + i);
    qt_eq("the other kind", problems.item[3].line, 8);
    qg_error_format(text, sizeof text, &problems.item[4]);
    assert_non_null(strstr(text, "data: /d: 3 more bad rows; of all 7: 6 x label 'x' is not one"));
    assert_non_null(strstr(text, "; 1 x 1 field found, the header has 2"));
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static void quotes_of_smsa_are_characters_unless_the_job_says_otherwise(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const char half[] = "\"enak\"\tneutral\n\"biasa \"\"saja\"\"\"\tneutral\n";
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa"), half));
    row_is(&ds, 1, "\"biasa \"\"saja\"\"\"", 1, "1", 2);
    qt_eq("texts in quotes", ds.quoted, 2);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa", .quoting = QG_QUOTING_DOUBLE), half));
    row_is(&ds, 0, "enak", 1, "0", 1);
    row_is(&ds, 1, "biasa \"saja\"", 1, "1", 2);
    qt_eq("none in quotes", ds.quoted, 0);
    static const char all[] = "\"a\tb\"\t\"neutral\"\n\"two\nlines\"\t\"negative\"\n";
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa", .quoting = QG_QUOTING_DOUBLE), all));
    row_is(&ds, 0, "a\tb", 1, "0", 1);
    row_is(&ds, 1, "two\nlines", 2, "1", 2);
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa", .quoting = QG_QUOTING_NONE),
                  "\"a\"\t\"neutral\"\n\"b\"\t\"negative\"\n"),
             QG_EFORMAT, "data:1:5: label: ", "\"quoting\": \"double\" would take the quotes off",
             NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa", .quoting = QG_QUOTING_DOUBLE),
                  "\"text\"\t\"label\"\n\"b\"\t\"negative\"\n"),
             QG_EFORMAT, "data:1:1: a header, which this format has none of", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa", .quoting = QG_QUOTING_DOUBLE), "a\tb\tneutral\n"),
             QG_EFORMAT, "data:1:1: 3 fields found, expected are 2", NULL);
    qg_arena_destroy(a);
}

/* The majority of those that name a label, counted by hand. */
static void label_columns_vote(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const char *const three[] = {"food", "price", "place"};
    qg_dataset_spec spec = SPEC(.format = "csv", .vote = three, .n_votes = 3, .min_votes = 1);
    spec.label_map = object(
        a,
        "{\"pos\": \"positive\", \"neg\": \"negative\", \"neut\": \"neutral\", \"pos-neg\": null}");
    static const char table[] = "text,food,price,place,label\n"
                                "a,pos,pos,neg,x\n"        /* 2 of 3 */
                                "b,pos,neg,neut,x\n"       /* 1 of 3: none */
                                "c,pos,neg,pos-neg,x\n"    /* 1 of 2: none */
                                "d,pos-neg,neg,,x\n"       /* 1 of 1 */
                                "e,,pos-neg,,x\n"          /* nobody votes */
                                "f,neut,neut,neutral,x\n"; /* names of labels are known, too */
    qt_ok(LOAD(&ds, a, spec, table));
    qt_eq("rows", ds.n, 3);
    qt_eq("undecided", ds.undecided, 3);
    row_is(&ds, 0, "a", 0, "0", 2);
    row_is(&ds, 1, "d", 2, "3", 5);
    row_is(&ds, 2, "f", 1, "5", 7);
    spec.min_votes = 3;
    qt_ok(LOAD(&ds, a, spec, table));
    qt_eq("rows with three votes", ds.n, 2);
    qt_fails(LOAD(&ds, a, spec, "text,food,price,place\na,pos,good,neg\n"), QG_EFORMAT,
             "data:2: price: ", "label 'good' is not one of", NULL);
    spec.on_error = 1;
    qt_ok(LOAD(&ds, a, spec, "text,food,price,place\na,pos,good,neg\nb,neg,neg,neg\n"));
    qt_eq("skipped", ds.skipped, 1);
    row_is(&ds, 0, "b", 2, "1", 3);
    qt_fails(LOAD(&ds, a, spec, "text,food,price\na,pos,pos\n"), QG_EFORMAT,
             "data:1: ", "the header lacks column 'place'", NULL);
    spec.format = "jsonl";
    spec.min_votes = 1;
    qt_ok(LOAD(&ds, a, spec,
               "{\"text\": \"a\", \"food\": \"pos\", \"price\": null}\n"
               "{\"text\": \"b\", \"food\": \"neg\", \"price\": \"pos\", \"place\": \"neg\"}\n"));
    qt_eq("lines", ds.n, 2);
    row_is(&ds, 0, "a", 0, "0", 1);
    row_is(&ds, 1, "b", 2, "1", 2);
    qg_arena_destroy(a);
}

static void reasons_of_bad_rows_are_counted(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1),
               "text,label\na,x\nb,neutral\nc,y\nd,y\ne,neutral,z\nf,y\ng,w,z\n"));
    qt_eq("skipped", ds.skipped, 6);
    qt_eq("reasons", ds.n_reasons, 3);
    qt_eq("most frequent", ds.reason[0].rows, 3);
    assert_non_null(strstr(ds.reason[0].why, "label 'y' is not one of"));
    qt_eq("next", ds.reason[1].rows, 2);
    assert_non_null(strstr(ds.reason[1].why, "3 fields found, the header has 2"));
    qt_eq("last", ds.reason[2].rows, 1);
    qt_fails(LOAD(&ds, a, SPEC(.format = "csv", .on_error = 1), "text,label\na,x\nb,y\nc,y\n"),
             QG_EFORMAT, "of the reasons, 2 x label 'y' is not one of", NULL);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(spreadsheets_leave_rows_of_empty_fields),
    cmocka_unit_test(quotes_can_be_characters),
    cmocka_unit_test(a_quote_that_is_never_closed_costs_its_row),
    cmocka_unit_test(lines_may_end_in_carriage_returns),
    cmocka_unit_test(other_character_sets_are_read_where_they_are_named),
    cmocka_unit_test(ids_stay_as_they_are_typed),
    cmocka_unit_test(labels_may_be_whole_numbers_of_tables_and_truth_values),
    cmocka_unit_test(a_label_map_is_proposed_for_labels_that_are_nearly_right),
    cmocka_unit_test(all_bad_rows_are_found),
    cmocka_unit_test(bad_rows_are_mistakes_of_the_job),
    cmocka_unit_test(quotes_of_smsa_are_characters_unless_the_job_says_otherwise),
    cmocka_unit_test(label_columns_vote),
    cmocka_unit_test(reasons_of_bad_rows_are_counted),
};
QT_MAIN("dataset_files", tests)
