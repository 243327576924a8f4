/*
 * test_training_checkpoint.c - the checkpoint file: what is written comes back, and nothing that is
 * damaged, of another training, or made up is taken.
 */
#include "qt.h"

#include "training/checkpoint_file.h"
#include "qgrid/file.h"
#include "qgrid/log.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 2 * QG_NORM_BLOCK + 80, RANGES = 3, BATCHES = 4, EPOCHS = 3 };

typedef struct place {
    qg_arena *arena;
    qg_training_record record;
    qg_selection selection;
    qg_training_key key;
    qg_training_state state;
    char path[512];
} place;

static void *array(place *p, size_t n, size_t size)
{
    void *a = qg_arena_alloc(p->arena, n, size);
    assert_non_null(a);
    return a;
}

/* Room for a training, all zero. */
static void start(place *p, const char *name)
{
    *p = (place){.arena = qg_arena_create(0)};
    assert_non_null(p->arena);
    snprintf(p->path, sizeof p->path, "%s", qt_tmp(name));
    p->record = (qg_training_record){.batches = BATCHES, .best = -1};
    p->record.step = array(p, EPOCHS * BATCHES, sizeof *p->record.step);
    p->record.epoch = array(p, EPOCHS, sizeof *p->record.epoch);
    p->selection = (qg_selection){.metric = 1, .patience = 2, .best_epoch = -1};
    memset(p->key.part, 'a', sizeof p->key.part);
    qg_str_add(&p->key.config, "seed: 42\nepochs: 3\n");
    p->state = (qg_training_state){.path = p->path,
                                   .gang = &qg_gang_alone,
                                   .key = &p->key,
                                   .record = &p->record,
                                   .selection = &p->selection,
                                   .most_steps = EPOCHS * BATCHES,
                                   .most_epochs = EPOCHS,
                                   .count = COUNT,
                                   .values = array(p, COUNT, sizeof(float)),
                                   .trainer = {.from = 0, .to = COUNT, .ranges = RANGES},
                                   .best = array(p, COUNT, sizeof(float))};
    p->state.trainer.m = array(p, COUNT, sizeof(float));
    p->state.trainer.v = array(p, COUNT, sizeof(float));
    p->state.trainer.range = array(p, RANGES, sizeof(qg_range));
}

static void finish(place *p)
{
    qg_training_key_fini(&p->key);
    qg_arena_destroy(p->arena);
}

/* In the middle of the second epoch. */
static void fill(place *p)
{
    p->record.steps = BATCHES + 2;
    p->record.epochs = 1;
    p->record.best = p->selection.best_epoch = 0;
    p->selection.best = 0.625;
    for (int i = 0; i < BATCHES + 2; i++)
        p->record.step[i] = (qg_step_report){i + 0.5, i * 1e-5, i + 2.5, 100 + i};
    p->record.epoch[0].loss = 1.25;
    p->record.epoch[0].scores.accuracy = 0.75;
    for (int i = 0; i < COUNT; i++) {
        p->state.values[i] = (float)i * 0.5f;
        p->state.trainer.m[i] = (float)i * -0.25f;
        p->state.trainer.v[i] = (float)i * 1e-9f;
        p->state.best[i] = (float)-i;
    }
    p->state.trainer.range[1] = (qg_range){-1.5f, 2.5f, true};
}

static void write_one(const char *name)
{
    place p;
    start(&p, name);
    fill(&p);
    qt_ok(qg_training_checkpoint_write(&p.state));
    finish(&p);
}

/* Reads the file as it is now. */
static qg_code take(place *p, const char *name)
{
    bool found;
    start(p, name);
    return qg_training_checkpoint_read(&found, &p->state);
}

static void what_is_written_comes_back(void **state)
{
    (void)state;
    place w, r;
    bool found;
    start(&w, "whole");
    fill(&w);
    qt_ok(qg_training_checkpoint_write(&w.state));
    qt_ok(qg_training_checkpoint_write(&w.state)); /* takes the place of the first */
    start(&r, "whole");
    qt_ok(qg_training_checkpoint_read(&found, &r.state));
    assert_true(found);
    qt_eq("steps", (long long)r.record.steps, BATCHES + 2);
    qt_eq("epochs", r.record.epochs, 1);
    qt_eq("best", r.record.best, 0);
    qt_eq("best epoch", r.selection.best_epoch, 0);
    qt_close("best value", r.selection.best, 0.625, 0, 0);
    qt_eq("patience is the config's", r.selection.patience, 2);
    qt_same("steps", r.record.step, w.record.step, BATCHES + 2, sizeof *r.record.step);
    qt_same("epoch", r.record.epoch, w.record.epoch, 1, sizeof *r.record.epoch);
    qt_same("values", r.state.values, w.state.values, COUNT, sizeof(float));
    qt_same("m", r.state.trainer.m, w.state.trainer.m, COUNT, sizeof(float));
    qt_same("v", r.state.trainer.v, w.state.trainer.v, COUNT, sizeof(float));
    qt_same("best", r.state.best, w.state.best, COUNT, sizeof(float));
    qt_eq("a range that was not set", r.state.trainer.range[0].set, false);
    qt_eq("a range", r.state.trainer.range[1].set, true);
    qt_close("its end", (double)r.state.trainer.range[1].hi, 2.5, 0, 0);
    qt_ok(qg_training_checkpoint_remove(r.path));
    qt_ok(qg_training_checkpoint_read(&found, &r.state));
    assert_false(found);
    finish(&w);
    finish(&r);
}

static void of_a_cut_file_nothing_is_taken(void **state)
{
    (void)state;
    place p;
    write_one("cut");
    long long whole = qg_path_bytes(qt_tmp("cut"));
    const long long sizes[] = {whole - 1, whole / 2, 5000, 4096, 4095, 100, 1, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(truncate(qt_tmp("cut"), sizes[i]), 0);
        qt_fails(take(&p, "cut"), QG_EFORMAT, "cut", "bytes", NULL);
        qt_eq("steps", (long long)p.record.steps, 0);
        finish(&p);
    }
    write_one("cut");
    assert_int_equal(truncate(qt_tmp("cut"), whole + 1), 0);
    qt_fails(take(&p, "cut"), QG_EFORMAT, "its record says", NULL);
    finish(&p);
}

static void flip(const char *path, size_t at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    fputc(c ^ 4, f);
    assert_int_equal(fclose(f), 0);
}

/* The whole file; p's arena. */
static char *load(size_t *size, place *p)
{
    char *bytes;
    qt_ok(qg_file_read(&bytes, size, p->arena, p->path, (size_t)1 << 28));
    return bytes;
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    place p, whole;
    size_t size;
    qg_checkpoint_head h;
    write_one("flipped");
    start(&whole, "flipped");
    memcpy(&h, load(&size, &whole), sizeof h);
    const char *path = whole.path;
    qg_checkpoint_layout l = qg_checkpoint_lay_out((size_t)h.record, COUNT);
    for (size_t at = 0; at < sizeof h; at++) {
        bool format = at >= offsetof(qg_checkpoint_head, version) &&
                      at < offsetof(qg_checkpoint_head, record);
        flip(path, at);
        qt_fails(take(&p, "flipped"), format ? QG_ECHANGED : QG_EFORMAT, "flipped", NULL);
        finish(&p);
        flip(path, at);
    }
    for (size_t at = sizeof h; at < sizeof h + (size_t)h.record; at += 7) {
        flip(path, at);
        qt_fails(take(&p, "flipped"), QG_EFORMAT, "damaged: the record", NULL);
        finish(&p);
        flip(path, at);
    }
    for (int array = 0; array < QG_CHECKPOINT_ARRAYS; array++)
        for (size_t at = 0; at < COUNT * sizeof(float); at += 99991) {
            flip(path, qg_checkpoint_array(&l, array) + at);
            qt_fails(take(&p, "flipped"), QG_EFORMAT, "damaged: block", NULL);
            finish(&p);
            flip(path, qg_checkpoint_array(&l, array) + at);
        }
    for (size_t at = l.checksums; at < l.bytes; at += 63) {
        flip(path, at);
        qt_fails(take(&p, "flipped"), QG_EFORMAT, "damaged: block", NULL);
        finish(&p);
        flip(path, at);
    }
    qt_ok(take(&p, "flipped")); /* all is as it was */
    finish(&p);
    finish(&whole);
}

/* A file that is changed and has good checksums all the same. */
typedef struct forged {
    place p; /* its arena, the path */
    char *bytes, *record;
    size_t size, record_size;
} forged;

static forged open_forged(void)
{
    forged f;
    qg_checkpoint_head h;
    write_one("forged");
    start(&f.p, "forged");
    f.bytes = load(&f.size, &f.p);
    memcpy(&h, f.bytes, sizeof h);
    f.record = f.bytes + sizeof h;
    f.record_size = (size_t)h.record;
    return f;
}

/* With a checksum of the record as it is now, and the format `version`. */
static void put_forged(const forged *f, uint32_t version)
{
    qg_checkpoint_head h;
    memcpy(&h, f->bytes, sizeof h);
    h.version = version;
    qg_checkpoint_digest(h.digest, f->record, f->record_size);
    memcpy(f->bytes, &h, sizeof h);
    qt_ok(qg_file_write(f->p.path, f->bytes, f->size));
}

static void set_integer(forged *f, const char *name, int64_t value)
{
    qg_named n;
    assert_true(qg_named_find(&n, f->record, f->record_size, name, QG_NUMBER_I64));
    memcpy(f->record + (n.data - f->record), &value, sizeof value);
}

/* Other bytes for the first `old` of the record, as many. */
static void replace(forged *f, const char *old, const char *now)
{
    char *at = memmem(f->record, f->record_size, old, strlen(old));
    assert_non_null(at);
    qt_eq("length", (long long)strlen(now), (long long)strlen(old));
    memcpy(at, now, strlen(now));
}

static void refuse_integer(const char *name, int64_t value, const char *message)
{
    place p;
    forged f = open_forged();
    set_integer(&f, name, value);
    put_forged(&f, QG_CHECKPOINT_VERSION);
    qt_fails(take(&p, "forged"), QG_EFORMAT, "forged", message, NULL);
    finish(&p);
    finish(&f.p);
}

static void sizes_that_lie_are_found(void **state)
{
    (void)state;
    const int64_t wrong[] = {1ll << 20, 1ll << 40, INT64_MAX, INT64_MIN, -2};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        refuse_integer("steps", wrong[i], "steps");
        refuse_integer("epochs", wrong[i], "epochs");
        refuse_integer("ranges", wrong[i], "ranges");
        refuse_integer("parameters", wrong[i], "parameters");
        refuse_integer("best_epoch", wrong[i], "was the best");
        refuse_integer("waited", wrong[i], "was the best");
    }
    refuse_integer("steps", BATCHES - 1, "steps"); /* fewer than its epochs have */
    refuse_integer("steps", 2 * BATCHES + 1, "steps");
    refuse_integer("steps", BATCHES + 1, "has 6 numbers of 'step.loss', 5 are expected");
}

/* A record with a good checksum in which something has another name or type. */
static void refuse_other(const char *old, const char *now, const char *message)
{
    place p;
    forged f = open_forged();
    replace(&f, old, now);
    put_forged(&f, QG_CHECKPOINT_VERSION);
    qt_fails(take(&p, "forged"), QG_ECHANGED, "forged", "was written by", message, NULL);
    finish(&p);
    finish(&f.p);
}

static void another_version_is_refused_for_what_is_missing(void **state)
{
    (void)state;
    place p;
    refuse_other("step.tokens", "step.tokenz", "misses in it step.tokens");
    refuse_other("step.loss f64", "step.loss i64", "misses in it step.loss");
    refuse_other("best_epoch", "best_epoxh", "misses in it best_epoch");
    refuse_other("key.model", "key.madel", "misses in it key.model");
    refuse_other("config text 19", "config text 99", "is not understood");
    refuse_other("step.loss f64", "step.loss f99", "is not understood");
    refuse_other("epoch.loss f64 1", "epoch.loss f64 x", "is not understood");
    for (uint32_t version = 1; version <= 3; version += 2) {
        forged f = open_forged();
        put_forged(&f, version);
        qt_fails(take(&p, "forged"), QG_ECHANGED, "forged",
                 version == 1 ? "an older version" : "a newer version", "--fresh", NULL);
        finish(&p);
        finish(&f.p);
    }
}

/* As of a program with one metric less, or one more. */
static void another_list_of_metrics_is_taken_up(void **state)
{
    (void)state;
    place p;
    bool found;
    forged f = open_forged();
    replace(&f, "epoch.validation_mcc", "epoch.validation_xyz");
    put_forged(&f, QG_CHECKPOINT_VERSION);
    start(&p, "forged");
    p.record.epoch[0].scores.mcc = 0.5;
    qt_ok(qg_training_checkpoint_read(&found, &p.state));
    assert_true(isnan(p.record.epoch[0].scores.mcc));
    qt_close("accuracy", p.record.epoch[0].scores.accuracy, 0.75, 0, 0);
    qt_eq("steps", (long long)p.record.steps, BATCHES + 2);
    finish(&p);
    finish(&f.p);
}

/* Nothing in a record is believed because its checksum is good. */
static void forged_records_do_no_harm(void **state)
{
    (void)state;
    uint64_t random = 1;
    forged f = open_forged();
    char *good = array(&f.p, f.record_size, 1);
    memcpy(good, f.record, f.record_size);
    int refused = 0;
    qg_log_quiet(true);
    for (int i = 0; i < 500; i++) {
        place p;
        memcpy(f.record, good, f.record_size);
        for (int k = 0; k < 1 + i % 4; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            f.record[(random >> 33) % f.record_size] = (char)(random >> 20);
        }
        put_forged(&f, QG_CHECKPOINT_VERSION);
        refused += take(&p, "forged") != QG_OK;
        qg_error_clear();
        assert_in_range(p.record.steps, 0, EPOCHS * BATCHES);
        finish(&p);
    }
    qg_log_quiet(false);
    assert_in_range(refused, 1, 499); /* changed numbers alone are taken */
    finish(&f.p);
}

static void named_numbers_come_back_by_name(void **state)
{
    (void)state;
    const struct {
        double a;
        bool b;
    } rows[] = {{1.5, true}, {-2.5, false}};
    double a[2];
    bool b[3] = {true, true, true};
    qg_str s = {0};
    qg_named n;
    size_t at = 0;
    qg_named_put(&s, "row.b", QG_NUMBER_FLAG, &rows[0].b, sizeof rows[0], 2);
    qg_named_put(&s, "none", QG_NUMBER_I64, NULL, 8, 0);
    qg_named_put(&s, "row.a", QG_NUMBER_F64, &rows[0].a, sizeof rows[0], 2);
    qt_ok(qg_str_status(&s));
    assert_true(qg_named_find(&n, s.data, s.len, "row.a", QG_NUMBER_F64));
    qg_named_take(&n, a, sizeof *a);
    qt_close("second", a[1], -2.5, 0, 0);
    assert_true(qg_named_find(&n, s.data, s.len, "row.b", QG_NUMBER_FLAG));
    qg_named_take(&n, b, sizeof *b);
    assert_true(b[0] && !b[1] && b[2]);
    assert_false(qg_named_find(&n, s.data, s.len, "row.a", QG_NUMBER_I64));
    assert_false(qg_named_find(&n, s.data, s.len, "row", QG_NUMBER_F64));
    while (qg_named_next(&n, &at, s.data, s.len))
        ;
    qt_eq("read to the end", (long long)at, (long long)s.len);
    for (size_t cut = 1; cut < s.len; cut++) {
        for (at = 0; qg_named_next(&n, &at, s.data, cut);)
            ;
        assert_in_range(at, 0, cut);
    }
    qg_str_fini(&s);
}

static void another_training_is_refused_by_name(void **state)
{
    static const char *const names[QG_KEY_PARTS] = {"config", "model", "training data",
                                                    "validation data", "processor"};
    (void)state;
    bool found;
    write_one("other");
    for (int i = 0; i < QG_KEY_PARTS; i++) {
        place p;
        start(&p, "other");
        p.key.part[i][5] = 'b';
        qt_fails(qg_training_checkpoint_read(&found, &p.state), QG_ECHANGED, "other", names[i],
                 "--fresh", NULL);
        finish(&p);
    }
    place p;
    start(&p, "other");
    qg_str_clear(&p.key.config);
    qg_str_add(&p.key.config, "seed: 7\nepochs: 3\n");
    p.key.part[QG_KEY_CONFIG][0] = 'b';
    qt_fails(qg_training_checkpoint_read(&found, &p.state), QG_ECHANGED, "config (it has seed: 42)",
             NULL);
    finish(&p);
}

static void what_cannot_be_written_leaves_the_earlier_one(void **state)
{
    (void)state;
    place p;
    write_one("kept");
    qt_ok(qg_mkdirs(qt_tmp("kept-tmp"))); /* where it would be written */
    start(&p, "kept");
    fill(&p);
    p.record.steps++;
    qt_fails(qg_training_checkpoint_write(&p.state), QG_EIO, "kept-tmp", NULL);
    finish(&p);
    qt_ok(take(&p, "kept"));
    qt_eq("steps", (long long)p.record.steps, BATCHES + 2);
    finish(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_written_comes_back),
    cmocka_unit_test(of_a_cut_file_nothing_is_taken),
    cmocka_unit_test(every_flipped_bit_is_found),
    cmocka_unit_test(sizes_that_lie_are_found),
    cmocka_unit_test(another_version_is_refused_for_what_is_missing),
    cmocka_unit_test(another_list_of_metrics_is_taken_up),
    cmocka_unit_test(forged_records_do_no_harm),
    cmocka_unit_test(named_numbers_come_back_by_name),
    cmocka_unit_test(another_training_is_refused_by_name),
    cmocka_unit_test(what_cannot_be_written_leaves_the_earlier_one),
};
QT_MAIN("training_checkpoint", tests)
