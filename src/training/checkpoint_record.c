/*
 * checkpoint_record.c - what a checkpoint says of a training, number by number.
 */
#include "checkpoint_file.h"

#include "qgrid/environment.h"
#include "qgrid/metrics.h"

#include <stddef.h>
#include <string.h>

static const qg_checkpoint_column step_columns[] = {
    {"step.loss", QG_NUMBER_F64, offsetof(qg_step_report, loss), false},
    {"step.learning_rate", QG_NUMBER_F64, offsetof(qg_step_report, learning_rate), false},
    {"step.grad_norm", QG_NUMBER_F64, offsetof(qg_step_report, norm), false},
    {"step.tokens", QG_NUMBER_I64, offsetof(qg_step_report, tokens), false},
};

static const qg_checkpoint_column epoch_columns[] = {
    {"epoch.loss", QG_NUMBER_F64, offsetof(qg_training_epoch, loss), false},
#define X(name, doc)                                                                               \
    {"epoch.validation_" #name, QG_NUMBER_F64, offsetof(qg_training_epoch, scores.name), true},
    QG_METRIC_LIST(X)
#undef X
#define X(name, doc)                                                                               \
    {"epoch.validation_fp32_" #name, QG_NUMBER_F64, offsetof(qg_training_epoch, fp32.name), true},
        QG_METRIC_LIST(X)
#undef X
};

static const qg_checkpoint_column range_columns[] = {
    {"range.lo", QG_NUMBER_F32, offsetof(qg_range, lo), false},
    {"range.hi", QG_NUMBER_F32, offsetof(qg_range, hi), false},
    {"range.set", QG_NUMBER_FLAG, offsetof(qg_range, set), false},
};

const char *const qg_checkpoint_key_names[QG_KEY_PARTS] = {
    [QG_KEY_CONFIG] = "key.config",         [QG_KEY_MODEL] = "key.model",
    [QG_KEY_TRAINING] = "key.training",     [QG_KEY_VALIDATION] = "key.validation",
    [QG_KEY_ARITHMETIC] = "key.arithmetic",
};

#define TABLE(columns, row, rows)                                                                  \
    {                                                                                              \
        columns, (int)(sizeof columns / sizeof *columns), row, sizeof *(row), (uint64_t)(rows)     \
    }

void qg_checkpoint_tables(qg_checkpoint_table out[QG_CHECKPOINT_TABLES], const qg_training_state *s)
{
    const qg_checkpoint_table tables[QG_CHECKPOINT_TABLES] = {
        [QG_CHECKPOINT_STEPS] = TABLE(step_columns, s->record->step, s->record->steps),
        [QG_CHECKPOINT_EPOCHS] = TABLE(epoch_columns, s->record->epoch, s->record->epochs),
        [QG_CHECKPOINT_RANGES] = TABLE(range_columns, s->trainer.range, s->trainer.ranges),
    };
    memcpy(out, tables, sizeof tables);
}

void *qg_checkpoint_cell(const qg_checkpoint_table *t, const qg_checkpoint_column *c)
{
    return t->rows ? (char *)t->row + c->offset : NULL;
}

static void put_integer(qg_str *out, const char *name, int64_t value)
{
    qg_named_put(out, name, QG_NUMBER_I64, &value, sizeof value, 1);
}

static void put_text(qg_str *out, const char *name, const char *text, size_t size)
{
    qg_named_put(out, name, QG_NUMBER_TEXT, text, 1, size);
}

void qg_checkpoint_record(qg_str *out, const qg_training_state *s)
{
    char program[128];
    qg_checkpoint_table table[QG_CHECKPOINT_TABLES];
    snprintf(program, sizeof program, "qgrid %s (%s)", QG_VERSION, qg_build_commit());
    put_text(out, "written_by", program, strlen(program));
    for (int i = 0; i < QG_KEY_PARTS; i++)
        put_text(out, qg_checkpoint_key_names[i], s->key->part[i], sizeof s->key->part[i]);
    put_text(out, "config", s->key->config.data, s->key->config.len);
    put_integer(out, "parameters", (int64_t)s->count);
    put_integer(out, "steps", (int64_t)s->record->steps);
    put_integer(out, "epochs", s->record->epochs);
    put_integer(out, "ranges", s->trainer.ranges);
    put_integer(out, "best_epoch", s->selection->best_epoch);
    put_integer(out, "waited", s->selection->waited);
    qg_named_put(out, "best", QG_NUMBER_F64, &s->selection->best, sizeof s->selection->best, 1);
    qg_checkpoint_tables(table, s);
    for (int t = 0; t < QG_CHECKPOINT_TABLES; t++)
        for (int i = 0; i < table[t].columns; i++) {
            const qg_checkpoint_column *c = &table[t].column[i];
            qg_named_put(out, c->name, c->type, qg_checkpoint_cell(&table[t], c), table[t].stride,
                         table[t].rows);
        }
}
