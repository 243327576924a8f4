/*
 * test_training_checkpoint_forged.c - checkpoints whose checksums are good and that say something
 * else: made up, or written by a program of another version.
 */
#include "checkpoint_place.h"

#include "qgrid/log.h"

#include <math.h>

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sizes_that_lie_are_found),
    cmocka_unit_test(another_version_is_refused_for_what_is_missing),
    cmocka_unit_test(another_list_of_metrics_is_taken_up),
    cmocka_unit_test(forged_records_do_no_harm),
    cmocka_unit_test(named_numbers_come_back_by_name),
};
QT_MAIN("training_checkpoint_forged", tests)
