/*
 * fuzz_checkpoint.c - checkpoints of training, with good checksums whatever they say: taken, or
 * refused before a number of them is out of bounds.
 */
#include "fuzz.h"

#include "training/checkpoint_file.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 80, RANGES = 3, BATCHES = 4, EPOCHS = 3 };

static void *array(qg_arena *a, size_t n, size_t size)
{
    void *p = qg_arena_alloc(a, n, size);
    FUZZ_CHECK(p != NULL);
    return p;
}

/* Nothing between the parts. */
static void clear(uint8_t *file, size_t from, size_t to)
{
    memset(file + from, 0, to - from);
}

/* Checksums over what the file has now, where they belong if its record is as long as it says. */
static void mend_checksums(uint8_t *file, size_t size)
{
    qg_checkpoint_head h;
    if (size < sizeof h)
        return;
    memcpy(&h, file, sizeof h);
    if (h.record > size - sizeof h)
        return;
    qg_checkpoint_digest(h.digest, file + sizeof h, (size_t)h.record);
    memcpy(file, &h, sizeof h);
    qg_checkpoint_layout l = qg_checkpoint_lay_out((size_t)h.record, COUNT);
    if (l.bytes != size)
        return;
    clear(file, sizeof h + (size_t)h.record, l.arrays);
    for (int i = 0; i < QG_CHECKPOINT_ARRAYS; i++) {
        size_t at = qg_checkpoint_array(&l, i), n = COUNT * sizeof(float);
        qg_checkpoint_digest((char *)file + qg_checkpoint_checksum(&l, i, 0), file + at, n);
        clear(file, at + n,
              i + 1 < QG_CHECKPOINT_ARRAYS ? qg_checkpoint_array(&l, i + 1) : l.checksums);
    }
}

static void check_record(const qg_training_record *r, const qg_selection *s)
{
    FUZZ_CHECK(r->steps <= EPOCHS * BATCHES && r->epochs >= 0 && r->epochs <= EPOCHS);
    FUZZ_CHECK(r->best >= -1 && r->best < r->epochs && s->best_epoch == r->best);
    FUZZ_CHECK(s->waited >= 0 && s->waited <= r->epochs);
}

static void read_file(qg_arena *a, const char *path)
{
    qg_training_record record = {.batches = BATCHES, .best = -1};
    qg_selection selection = {.metric = 1, .patience = 2, .best_epoch = -1};
    qg_training_key key = {.config = {0}};
    bool found;
    memset(key.part, 'a', sizeof key.part);
    qg_str_add(&key.config, "seed: 42\nepochs: 3\n");
    record.step = array(a, EPOCHS * BATCHES, sizeof *record.step);
    record.epoch = array(a, EPOCHS, sizeof *record.epoch);
    qg_training_state s = {.path = path,
                           .gang = &qg_gang_alone,
                           .key = &key,
                           .record = &record,
                           .selection = &selection,
                           .most_steps = EPOCHS * BATCHES,
                           .most_epochs = EPOCHS,
                           .count = COUNT,
                           .values = array(a, COUNT, sizeof(float)),
                           .trainer = {.from = 0, .to = COUNT, .ranges = RANGES},
                           .best = array(a, COUNT, sizeof(float))};
    s.trainer.m = array(a, COUNT, sizeof(float));
    s.trainer.v = array(a, COUNT, sizeof(float));
    s.trainer.range = array(a, RANGES, sizeof *s.trainer.range);
    if (fuzz_worked(qg_training_checkpoint_read(&found, &s)))
        check_record(&record, &selection);
    qg_training_key_fini(&key);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    uint8_t *file = malloc(size ? size : 1);
    FUZZ_CHECK(file);
    memcpy(file, data, size);
    mend_checksums(file, size);
    read_file(a, fuzz_write("checkpoint", file, size));
    free(file);
    qg_arena_destroy(a);
    return 0;
}
