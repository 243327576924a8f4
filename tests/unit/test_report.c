/*
 * test_report.c - the tables of a results file that has every kind of cell: each has something to
 * tell, names can be told apart, and what differs between two files is found.
 */
#include "qt.h"

#include "qgrid/drift.h"
#include "qgrid/layout.h"
#include "qgrid/pooled.h"
#include "qgrid/method.h"
#include "report/paper/family.h"
#include "report/format.h"
#include "report/table.h"

#include <stdlib.h>
#include <string.h>

static const char job_text[] =
    "{\"name\": \"t\", \"labels\": [\"positive\", \"neutral\", \"negative\"],\n"
    "\"models\": {\"m\": \"models/mini-finetuned\", \"two\": {\"train\": {\"from\": \"m\", "
    "\"dataset\": \"d\", \"validation\": \"d\", \"epochs\": 2, \"seeds\": [7, 5]}}, "
    "\"three\": {\"train\": {\"from\": \"m\", \"dataset\": \"d\", \"validation\": \"d\", "
    "\"epochs\": 1, "
    "\"seeds\": [7, 5]}}},\n"
    "\"datasets\": {\"d\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"}, "
    "\"g\": {\"path\": \"datasets/edge_cases.jsonl\", \"group_column\": \"category\"}, "
    "\"p\": {\"path\": \"datasets/probes.jsonl\", \"format\": \"probes\"}},\n"
    "\"experiments\": {\"e\": {\"model\": \"m\", \"dataset\": \"d\"}, "
    "\"g\": {\"model\": \"m\", \"dataset\": \"g\"}, "
    "\"p\": {\"model\": \"m\", \"dataset\": \"p\"}, "
    "\"s\": {\"model\": \"two\", \"dataset\": \"d\"}, \"c\": {\"model\": \"three\", \"dataset\": "
    "\"d\"}},\n"
    "\"stress\": {\"datasets\": [\"d\"], \"perturbations\": [\"typos\"], \"levels\": [0, 0.5], "
    "\"samples\": {\"count\": 4}},\n"
    "\"decompose\": [{\"of\": \"s\", \"control\": \"c\"}],\n"
    "\"precisions\": [\"fp32\", \"int4_g32\", \"int4_g32_a8\", \"int4_g128\", \"int4_g128_a8\", "
    "{\"precision\": \"int4_g128_a8\", \"embeddings\": \"int8\"}],\n"
    "\"latency\": {\"samples\": 2, \"runs\": 1, \"batch_sizes\": [1, 2]},\n"
    "\"recommend\": {}, \"sensitivity\": {\"experiments\": [\"e\"], \"precisions\": "
    "[\"int4_g32\"], \"methods\": [\"random\"], \"samples\": {\"texts\": 4}},\n"
    "\"explain\": {\"methods\": [\"attention_rollout\", \"attention_entropy\", \"random\"], "
    "\"randomisation\": {\"methods\": [\"random\"]}, \"faithfulness\": {\"normalised\": true}, "
    "\"internals\": true, \"pairs\": [[\"e\", \"s\"]]}}";

static const char *const precisions[] = {"int4_g32", "int4_g32_a8", "int4_g128", "int4_g128_a8",
                                         "int4_g128_a8_emb_int8"};

static qg_arena *memory; /* of the plan */
static qg_plan plan;
static qg_layout layout;

/* Once for all files. */
static void make_layout(void)
{
    const char *path = qt_tmp("job.json");
    qg_job *job;
    memory = qg_arena_create(0);
    qg_problems problems = {.arena = memory};
    job = qg_arena_alloc(memory, 1, sizeof *job);
    qt_write(path, job_text, strlen(job_text));
    qt_ok(qg_job_load(job, memory, path, NULL, &problems));
    qt_ok(qg_plan_make(&plan, memory, job, NULL, &problems));
    qt_ok(qg_layout_make(&layout, memory, &plan));
}

typedef struct file {
    qg_arena *arena;
    qg_store *store;
    qg_reading reading;
} file;

/* One number of a table [methods, precisions, statistics]. */
static void write_one(qg_store *s, const char *path, int64_t statistic)
{
    const int64_t start[] = {0, 1, statistic}, count[] = {1, 1, 1};
    const double one = 1;
    qt_ok(qg_store_write(s, path, QG_STORE_F64, start, count, &one));
}

/* The first explained text, a word of it, and the drift of two texts. */
static void write_explained(qg_store *s)
{
    const int64_t first[] = {0, 0, 0}, one[] = {1, 1, 1}, n[] = {1, 1, 2}, row = 0;
    const double score = 1, two[] = {2, 1}, sd = 0.5;
    const int64_t at_sd[] = {0, 0, QG_SUMMARY_sd};
    qt_ok(qg_store_write(s, "/explained/m/d/row", QG_STORE_I64, first, one, &row));
    qt_ok(qg_store_write(s, "/explained/two_s7/d/row", QG_STORE_I64, first, one, &row));
    qt_ok(qg_store_write(s, "/attributions/m/d/fp32/random/word_scores", QG_STORE_F64, first, one,
                         &score));
    qt_ok(
        qg_store_write(s, "/comparisons/m/d/int4_g32/random/summary", QG_STORE_F64, first, n, two));
    qt_ok(qg_store_write(s, "/comparisons/m/d/int4_g32/random/summary", QG_STORE_F64, at_sd, one,
                         &sd));
}

/* A file as a run begins it, but every cell is in that state. */
static file begin(const char *name, uint8_t cell_state)
{
    file f = {.arena = qg_arena_create(0)};
    const int64_t epochs = 2, missed = 1;
    if (!memory)
        make_layout();
    uint8_t *states = qg_arena_alloc(f.arena, (size_t)plan.n_cells, 1);
    f.reading.path = qg_arena_strdup(f.arena, qt_tmp(name));
    qt_ok(qg_store_create(&f.store, f.reading.path, &layout));
    memset(states, cell_state, (size_t)plan.n_cells);
    qt_ok(qg_store_write(f.store, "/cells/state", QG_STORE_U8, NULL, NULL, states));
    qt_ok(
        qg_store_write(f.store, "/training/two_s7/epochs_done", QG_STORE_I64, NULL, NULL, &epochs));
    qt_ok(qg_store_write(f.store, "/attributions/m/d/int4_g32/attention_rollout/tolerance_missed",
                         QG_STORE_I64, NULL, NULL, &missed));
    write_one(f.store, "/comparisons/two_s7/d/reference/explanations/drift", QG_SUMMARY_mean);
    write_one(f.store, "/comparisons/two_s7/d/reference/explanations/than_ptq", QG_TEST_difference);
    write_one(f.store, "/decompositions/s_s7/c_s7/total", QG_POOLED_mean);
    write_explained(f.store);
    write_one(f.store, "/seeds/two/d/explanations/drift", QG_POOLED_mean);
    write_one(f.store, "/seeds/two/d/explanations/reference_drift", QG_POOLED_mean);
    return f;
}

/* What was written is read as by another program. */
static void look(file *f)
{
    qt_ok(qg_store_close(f->store));
    qt_ok(qg_reading_open(&f->reading, f->arena, f->reading.path));
}

static void end(file *f)
{
    qg_reading_close(&f->reading);
    qg_arena_destroy(f->arena);
}

/* Prints tables into memory of the arena. */
static const char *printed(file *f, const char *cell, int use)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    const qg_read_cell *c = cell ? qg_reading_cell(&f->reading, cell) : NULL;
    assert_true(!cell || c);
    qt_ok(qg_report_print(to, &f->reading, c, use));
    fclose(to);
    const char *out = qg_arena_strdup(f->arena, text);
    free(text);
    return out;
}

static void has(const char *text, const char *piece)
{
    if (!strstr(text, piece))
        fail_msg("'%s' is not in:\n%s", piece, text);
}

/* Rows of a table in all cells that have it, or in the file. */
static int64_t rows_of(file *f, const qg_table_entry *e)
{
    qg_table t;
    int64_t n = 0;
    if (!e->kind[0]) {
        qt_ok(qg_table_read(&t, e, &f->reading, NULL));
        return t.n_rows;
    }
    for (int i = 0; i < f->reading.n; i++) {
        if (strcmp(f->reading.cell[i].kind, e->kind) != 0)
            continue;
        qt_ok(qg_table_read(&t, e, &f->reading, &f->reading.cell[i]));
        n += t.n_rows;
    }
    return n;
}

static void every_table_has_something_to_tell(void **state)
{
    (void)state;
    const int64_t same = 3;
    file done = begin("done.h5", QG_STATE_DONE), failed = begin("failed.h5", QG_STATE_FAILED);
    const uint8_t open = QG_STATE_OPEN, died = 2;
    int empty = 0;
    const int64_t unit = 0, one = 1;
    qt_ok(qg_store_write(failed.store, "/units/state", QG_STORE_U8, &unit, &one, &open));
    qt_ok(qg_store_write(failed.store, "/timing/units/attempts", QG_STORE_U8, &unit, &one, &died));
    qt_ok(qg_store_write(done.store, "/metrics/m/d/fp32/same_logits", QG_STORE_I64, NULL, NULL,
                         &same));
    look(&done);
    look(&failed);
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        file *f = e->use & (QG_UNFINISHED | QG_TO_DO) ? &failed : &done;
        if (rows_of(f, e) == 0) {
            print_error("table %s has no rows\n", e->name);
            empty++;
        }
    }
    assert_int_equal(empty, 0);
    end(&done);
    end(&failed);
}

static void every_method_is_of_a_family(void **state)
{
    (void)state;
    for (const qg_method *const *m = qg_methods; *m; m++)
        if (strcmp(qg_family_of_method((*m)->name), "other") == 0)
            fail_msg("method %s is of no family (src/report/paper/family.c)", (*m)->name);
    assert_string_equal(qg_family_of_method("none"), "other");
}

static void texts_mean_nothing_but_themselves(void **state)
{
    static const struct {
        const char *text, *csv, *markdown, *latex;
    } c[] = {
        {"=1+1", "\"'=1+1\"", "=1+1", "=1+1"},
        {" \t-2", "\"' \t-2\"", "  -2", "  -{}2"},
        {"'@x", "\"''@x\"", "'@x", "'{}@x"},
        {"a\"b,c", "\"a\"\"b,c\"", "a\"b,c", "a''b,c"},
        {"a|b_c <i>", "a|b_c <i>", "a\\|b_c &lt;i&gt;", "a$|$b\\_c $<$i$>$"},
        {"[\\x]*", "[\\x]*", "\\[\\\\x\\]\\*", "{[}\\textbackslash{}x{]}{*}"},
        {"\xff\xf0\x9f\x98\x80", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"", "\xef\xbf\xbd\xf0\x9f\x98\x80",
         "{[}FF{]}{[}U+1F600{]}"},
    };
    qg_arena *a = qg_arena_create(0);
    (void)state;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        qg_table t = {.name = "t", .shape = QG_COLUMNS, .keyed = true, .arena = a};
        qg_str csv = {0}, markdown = {0}, latex = {0};
        qg_value *v;
        qt_ok(qg_table_add_columns(&t, &(qg_column){"x", NULL, QG_TEXT, 0}, 1));
        qt_ok(qg_table_add_row(&v, &t));
        v->text = c[i].text;
        qt_ok(qg_table_write_csv(&csv, &t, NULL));
        qt_ok(qg_table_write_markdown(&markdown, &t, NULL));
        qt_ok(qg_table_write_latex(&latex, &t, NULL));
        assert_string_equal(csv.data, qg_arena_printf(a, "x\n%s\n", c[i].csv));
        assert_string_equal(markdown.data,
                            qg_arena_printf(a, "| x |\n|---|\n| %s |\n", c[i].markdown));
        if (!strstr(latex.data, qg_arena_printf(a, "\\midrule\n%s \\\\\n", c[i].latex)))
            fail_msg("%s: %s", c[i].text, latex.data);
        qg_str_fini(&csv);
        qg_str_fini(&markdown);
        qg_str_fini(&latex);
    }
    qg_arena_destroy(a);
}

static void a_skipped_cell_has_no_tables(void **state)
{
    (void)state;
    file f = begin("skipped.h5", QG_STATE_SKIPPED);
    look(&f);
    for (const qg_table_entry *e = qg_table_entries; e->name; e++)
        if (e->kind[0])
            qt_eq(e->name, rows_of(&f, e), 0);
    end(&f);
}

static void alike_precisions_can_be_told_apart(void **state)
{
    static const char *const cell[] = {NULL, "e/compare", "e/explanations", "e/vs/s_s7"};
    (void)state;
    file f = begin("alike.h5", QG_STATE_DONE);
    look(&f);
    for (int i = 0; i < 4; i++) {
        const char *text = printed(&f, cell[i], QG_SHOW);
        for (int k = 0; k < 5; k++) {
            char *word = qg_arena_printf(f.arena, " %s ", precisions[k]);
            has(text, word);
        }
    }
    has(printed(&f, "e/explanations", QG_SHOW), "  attention_rollout  attention_entropy  random\n");
    has(printed(&f, "e/explanations", QG_SHOW), "  rank_biserial  detectable  family\n");
    end(&f);
}

/* What is printed of two files; *cells that differ. Closes the files. */
static void differ(file *a, file *b, int cells, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    int n = -1;
    look(a);
    look(b);
    FILE *to = open_memstream(&text, &size);
    qt_ok(qg_report_differences(&n, to, &a->reading, &b->reading));
    fclose(to);
    assert_string_equal(text, want);
    qt_eq("cells", n, cells);
    free(text);
    end(a);
    end(b);
}

static void differences_name_cell_quantity_and_place(void **state)
{
    (void)state;
    file a = begin("a.h5", QG_STATE_DONE), b = begin("b.h5", QG_STATE_DONE);
    const int64_t row[] = {4}, one[] = {1, 1, 1}, mean[] = {0, 0, 1}, epoch[] = {1}, cell[] = {4};
    const double half = 0.5;
    const int32_t class_2 = 2;
    const uint8_t failed = QG_STATE_FAILED;
    qt_ok(
        qg_store_write(b.store, "/metrics/m/d/int4_g32/accuracy", QG_STORE_F64, NULL, NULL, &half));
    qt_ok(qg_store_write(b.store, "/predictions/m/d/int4_g32/predicted", QG_STORE_I32, row, one,
                         &class_2));
    qt_ok(qg_store_write(b.store, "/comparisons/m/d/int4_g32/attention_rollout/summary",
                         QG_STORE_F64, mean, one, &half));
    qt_ok(qg_store_write(b.store, "/training/two_s7/validation_mcc", QG_STORE_F64, epoch, one,
                         &half));
    qt_ok(qg_store_write(b.store, "/cells/state", QG_STORE_U8, cell, one, &failed));
    // clang-format off
    differ(&a, &b, 4,
           "cell                          what differs    values  by up to  first at             before   after\n"
           "two_s7/train                  validation_mcc       1         -  epoch 2                   -     0.5\n"
           "e/fp32                        state                -         -                         done  failed\n"
           "e/int4_g32                    predicted            1         3  row 4                    -1       2\n"
           "e/int4_g32                    accuracy             1         -                            -     0.5\n"
           "e/int4_g32/attention_rollout  drift                1         -  all, spearman, mean       -     0.5\n");
    // clang-format on
}

static void equal_files_have_no_differences(void **state)
{
    (void)state;
    file a = begin("same_a.h5", QG_STATE_OPEN), b = begin("same_b.h5", QG_STATE_OPEN);
    differ(&a, &b, 0, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_has_something_to_tell),
        cmocka_unit_test(every_method_is_of_a_family),
        cmocka_unit_test(texts_mean_nothing_but_themselves),
        cmocka_unit_test(a_skipped_cell_has_no_tables),
        cmocka_unit_test(alike_precisions_can_be_told_apart),
        cmocka_unit_test(differences_name_cell_quantity_and_place),
        cmocka_unit_test(equal_files_have_no_differences),
    };
    int failed = qt_run("report", tests, sizeof tests / sizeof tests[0]);
    qg_arena_destroy(memory);
    return failed;
}
