/*
 * test_training_checkpoint.c - the checkpoint file: what is written comes back, and nothing that is
 * damaged, of another training, or made up is taken.
 */
#include "qt.h"

#include "training/checkpoint_file.h"
#include "qgrid/file.h"

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
    qt_fails(take(&p, "cut"), QG_EFORMAT, "its header says", NULL);
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

static qg_checkpoint_header read_header(const char *path)
{
    qg_checkpoint_header h;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(&h, sizeof h, 1, f), 1);
    fclose(f);
    return h;
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    place p;
    write_one("flipped");
    const char *path = qt_tmp("flipped");
    qg_checkpoint_header h = read_header(path);
    qg_checkpoint_layout l = qg_checkpoint_lay_out(&h);
    for (size_t at = 0; at < sizeof h; at++) {
        flip(path, at);
        qt_fails(take(&p, "flipped"), QG_EFORMAT, "flipped", NULL);
        finish(&p);
        flip(path, at);
    }
    for (size_t at = l.config; at < l.end; at += 7) {
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
}

/* A header with a good checksum that says something else. */
static void forge(const char *path, const qg_checkpoint_header *h)
{
    qg_checkpoint_header copy = *h;
    qg_checkpoint_digest_header(copy.own, &copy);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fwrite(&copy, sizeof copy, 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

static void refuse(const qg_checkpoint_header *h, const char *message)
{
    place p;
    forge(qt_tmp("forged"), h);
    qt_fails(take(&p, "forged"), QG_EFORMAT, "forged", message, NULL);
    finish(&p);
}

static void sizes_that_lie_are_found(void **state)
{
    (void)state;
    place p;
    write_one("forged");
    const qg_checkpoint_header good = read_header(qt_tmp("forged"));
    const uint64_t large[] = {1ull << 20, 1ull << 40, 1ull << 62, UINT64_MAX};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        qg_checkpoint_header h = good;
        h.config_bytes = large[i];
        refuse(&h, i ? "a config of" : "its header says");
        h = good;
        h.steps = large[i];
        refuse(&h, "steps");
        h = good;
        h.epochs = large[i];
        refuse(&h, "epochs");
        h = good;
        h.ranges = large[i];
        refuse(&h, "ranges");
        h = good;
        h.count = large[i];
        refuse(&h, "parameters");
        h = good;
        h.best_epoch = (int64_t)large[i];
        if (h.best_epoch != -1)
            refuse(&h, "was the best");
        h = good;
        h.waited = (int64_t)large[i];
        refuse(&h, "was the best");
    }
    qg_checkpoint_header h = good;
    h.steps = BATCHES - 1; /* fewer than its epochs have */
    refuse(&h, "steps");
    h.steps = 2 * BATCHES + 1;
    refuse(&h, "steps");
    h = good;
    h.steps--;
    refuse(&h, "damaged"); /* the record is as long as before */
    h = good;
    h.version++;
    refuse(&h, "of version 2");
    h = good;
    h.magic[0] = 'X';
    refuse(&h, "is not a checkpoint");
    forge(qt_tmp("forged"), &good);
    qt_ok(take(&p, "forged"));
    finish(&p);
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
    cmocka_unit_test(another_training_is_refused_by_name),
    cmocka_unit_test(what_cannot_be_written_leaves_the_earlier_one),
};
QT_MAIN("training_checkpoint", tests)
