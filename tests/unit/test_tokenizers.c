/*
 * test_tokenizers.c - every kind of tokenizer of the registry: which folders are its own.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/tokenizer.h"

#include <string.h>

static void put(const char *dir, const char *name, const char *text)
{
    char path[700];
    qt_ok(qg_mkdirs(dir));
    snprintf(path, sizeof path, "%s/%s", dir, name);
    qt_write(path, text, strlen(text));
}

static void put_class(const char *dir, const char *class)
{
    char text[200];
    snprintf(text, sizeof text, "{\"tokenizer_class\": \"%s\"}", class);
    put(dir, "tokenizer_config.json", text);
}

static void names_and_classes_are_unique(void **state)
{
    (void)state;
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++) {
        assert_true((*k)->classes[0] && (*k)->files[0]);
        for (const qg_tokenizer_kind *const *other = qg_tokenizer_kinds; other < k; other++) {
            assert_string_not_equal((*k)->name, (*other)->name);
            for (int i = 0; (*k)->classes[i]; i++)
                for (int j = 0; (*other)->classes[j]; j++)
                    assert_string_not_equal((*k)->classes[i], (*other)->classes[j]);
        }
    }
}

static void a_folder_says_its_kind_by_class_or_by_vocabulary(void **state)
{
    (void)state;
    char dir[600];
    snprintf(dir, sizeof dir, "%s", qt_tmp("kind"));
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++) {
        for (int i = 0; (*k)->classes[i]; i++) {
            put_class(dir, (*k)->classes[i]);
            assert_ptr_equal(qg_tokenizer_kind_of(dir), *k);
        }
        qt_ok(qg_remove(dir));
        put(dir, (*k)->files[0], "x\n");
        assert_ptr_equal(qg_tokenizer_kind_of(dir), *k);
        qt_ok(qg_remove(dir));
    }
}

static void an_unknown_class_is_refused_with_those_that_are_known(void **state)
{
    (void)state;
    char dir[600];
    qg_tokenizer *t;
    qg_arena *a = qg_arena_create(0);
    snprintf(dir, sizeof dir, "%s", qt_tmp("unknown"));
    put_class(dir, "GPT2Tokenizer");
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++)
        for (int i = 0; (*k)->classes[i]; i++)
            qt_fails(qg_tokenizer_load(&t, a, dir), QG_EUNSUPPORTED, "GPT2Tokenizer",
                     (*k)->classes[i], NULL);
    assert_non_null(qg_tokenizer_kind_of(dir));
    qg_arena_destroy(a);
}

static void files_are_copied_with_the_model(void **state)
{
    (void)state;
    char from[600], to[600], path[700];
    qg_arena *a = qg_arena_create(0);
    snprintf(from, sizeof from, "%s", qt_tmp("from"));
    snprintf(to, sizeof to, "%s", qt_tmp("to"));
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++) {
        for (int i = 0; (*k)->files[i]; i++)
            put(from, (*k)->files[i], "{}");
        put_class(from, (*k)->classes[0]);
        qt_ok(qg_mkdirs(to));
        qt_ok(qg_tokenizer_copy(a, to, from));
        for (int i = 0; (*k)->files[i]; i++) {
            snprintf(path, sizeof path, "%s/%s", to, (*k)->files[i]);
            assert_true(qg_file_exists(path));
        }
        qt_ok(qg_remove(from));
        qt_ok(qg_remove(to));
    }
    qg_arena_destroy(a);
}

static void pieces_say_whether_they_continue_a_word(void **state)
{
    (void)state;
    char dir[600];
    int entries;
    bool continues;
    qg_tokenizer *t;
    qg_encoding e;
    qg_arena *a = qg_arena_create(0);
    snprintf(dir, sizeof dir, "%s", qt_tmp("pieces"));
    put(dir, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nba\n##gus\n##\n");
    qt_ok(qg_tokenizer_entries(&entries, dir));
    qt_eq("entries", entries, 7);
    qt_ok(qg_tokenizer_load(&t, a, dir));
    qt_ok(qg_tokenizer_encode(&e, t, a, "Bagus", 5, 0));
    qt_eq("tokens", e.n, 4);
    assert_string_equal(qg_tokenizer_piece(t, e.ids[1], &continues), "ba");
    qt_eq("the first", continues, false);
    assert_string_equal(qg_tokenizer_piece(t, e.ids[2], &continues), "gus");
    qt_eq("the second", continues, true);
    assert_string_equal(qg_tokenizer_piece(t, 6, &continues), "##");
    qt_eq("a word of its own", continues, false);
    assert_null(qg_tokenizer_piece(t, 7, &continues));
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_and_classes_are_unique),
    cmocka_unit_test(a_folder_says_its_kind_by_class_or_by_vocabulary),
    cmocka_unit_test(an_unknown_class_is_refused_with_those_that_are_known),
    cmocka_unit_test(files_are_copied_with_the_model),
    cmocka_unit_test(pieces_say_whether_they_continue_a_word),
};
QT_MAIN("tokenizers", tests)
