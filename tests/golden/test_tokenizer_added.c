/*
 * test_tokenizer_added.c - added tokens, normalizers and pre-tokenizers of drawn tokenizer.json
 * files give the ids of the Rust tokenizers.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/json.h"
#include "qgrid/str.h"
#include "qgrid/tokenizer.h"

#include <string.h>

static void compare(const qg_tokenizer *t, qg_arena *a, const qg_json *text, const qg_json *ids)
{
    qg_encoding e;
    const char *s = text->string;
    qt_ok(qg_tokenizer_encode(&e, t, a, s, strlen(s), 0));
    const qg_json *id = ids->child;
    bool same = e.n == ids->count;
    for (int i = 0; i < e.n && same; i++, id = id->next)
        same = e.ids[i] == (int)id->number;
    if (!same)
        fail_msg("ids differ for '%s'", s);
}

/* One line: a file, texts, and for each text its ids. */
static void run_line(qg_arena *a, const char *dir, const char *line)
{
    char path[700];
    qg_json_doc d;
    qg_str s = {0};
    qg_tokenizer *t;
    qt_ok(qg_json_parse(&d, a, "added.jsonl", line, strlen(line)));
    qg_json_canonical(&s, qg_json_get(d.root, "file"));
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    qt_write(path, s.data, s.len);
    qg_str_fini(&s);
    qt_ok(qg_tokenizer_load(&t, a, dir));
    const qg_json *ids = qg_json_get(d.root, "ids")->child;
    for (const qg_json *x = qg_json_get(d.root, "texts")->child; x; x = x->next, ids = ids->next)
        compare(t, a, x, ids);
    assert_null(ids);
}

static void drawn_files_equal_hugging_face(void **state)
{
    (void)state;
    int n = 0;
    size_t size;
    char *text, dir[600];
    qg_arena *a = qg_arena_create(0), *scratch = qg_arena_create(0);
    snprintf(dir, sizeof dir, "%s", qt_tmp("added"));
    qt_ok(qg_mkdirs(dir));
    qt_ok(qg_file_read(&text, &size, a, "tests/golden/data/tokenizer/added.jsonl", 1 << 24));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n++) {
        qg_mark m = qg_arena_mark(scratch);
        run_line(scratch, dir, line);
        qg_arena_release(scratch, m);
    }
    qt_eq("files", n, 40);
    qg_arena_destroy(scratch);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(drawn_files_equal_hugging_face),
};
QT_MAIN("tokenizer_added", tests)
