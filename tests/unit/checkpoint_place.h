/*
 * checkpoint_place.h - a training of a few numbers, for tests of its checkpoint.
 */
#ifndef QGRID_TEST_CHECKPOINT_PLACE_H
#define QGRID_TEST_CHECKPOINT_PLACE_H

#include "qt.h"

#include "training/checkpoint_file.h"
#include "qgrid/file.h"

#include <string.h>

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

/* The whole file; p's arena. */
static char *load(size_t *size, place *p)
{
    char *bytes;
    qt_ok(qg_file_read(&bytes, size, p->arena, p->path, (size_t)1 << 28));
    return bytes;
}

#endif
