/*
 * test_training_checkpoint.c - the checkpoint file: what is written comes back, and nothing that is
 * damaged or of another training is taken.
 */
#include "checkpoint_place.h"

#include <unistd.h>

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

/* Bytes that fill pages, behind the record and each array, are nobody's. */
static void damage_between_the_parts_is_found(void **state)
{
    (void)state;
    place p, whole;
    size_t size;
    qg_checkpoint_head h;
    write_one("between");
    start(&whole, "between");
    memcpy(&h, load(&size, &whole), sizeof h);
    qg_checkpoint_layout l = qg_checkpoint_lay_out((size_t)h.record, COUNT);
    for (int i = -1; i < QG_CHECKPOINT_ARRAYS; i++) {
        size_t at = i < 0 ? sizeof h + (size_t)h.record
                          : qg_checkpoint_array(&l, i) + COUNT * sizeof(float);
        flip(whole.path, at);
        qt_fails(take(&p, "between"), QG_EFORMAT, "something between its parts", NULL);
        finish(&p);
        flip(whole.path, at);
    }
    qt_ok(take(&p, "between"));
    finish(&p);
    finish(&whole);
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

/* As of a program whose configs had no such key. */
static void a_new_key_of_the_config_matters_with_another_value_alone(void **state)
{
    (void)state;
    bool found;
    for (int other = 0; other < 2; other++) {
        place p;
        write_one("keys");
        start(&p, "keys");
        p.key.part[QG_KEY_CONFIG][0] = 'b';
        qg_str_add(&p.key.config, other ? "decay: 0.5\n" : "decay: 0\n");
        qg_str_add(&p.key.defaults, "epochs: 1\ndecay: 0\n");
        if (other)
            qt_fails(qg_training_checkpoint_read(&found, &p.state), QG_ECHANGED,
                     "config (it lacks decay: 0.5)", NULL);
        else
            qt_ok(qg_training_checkpoint_read(&found, &p.state));
        finish(&p);
    }
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
    cmocka_unit_test(damage_between_the_parts_is_found),
    cmocka_unit_test(another_training_is_refused_by_name),
    cmocka_unit_test(a_new_key_of_the_config_matters_with_another_value_alone),
    cmocka_unit_test(what_cannot_be_written_leaves_the_earlier_one),
};
QT_MAIN("training_checkpoint", tests)
