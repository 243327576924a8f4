/*
 * train_vocab.c - a WordPiece vocabulary from data sets: one token a line, as vocab.txt.
 */
#include "qgrid/dataset.h"
#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/str.h"
#include "qgrid/vocab_train.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "train_vocab --size N -o FILE [OPTION...] DATA...\n"
    "Trains a WordPiece vocabulary: characters, then the most frequent pairs of pieces joined.\n\n"
    "  DATA               a file (its extension names the format, see qgrid list formats), or an\n"
    "                     object of a job's \"datasets\": '{\"path\": ..., \"format\": ..., "
    "...}'.\n"
    "                     Labels are not looked at.\n"
    "  --size N           entries at most, with the 5 specials\n"
    "  -o, --output FILE  the vocabulary; \"-\" is standard output\n"
    "  --alphabet N       characters at most, the most frequent ones (default 1000)\n"
    "  --min-character N  occurrences of a character of the alphabet (default 1)\n"
    "  --min-pair N       occurrences of a pair that is joined (default 2)\n"
    "  --cased            keep upper case and accents\n\n"
    "  train_vocab --size 3000 -o vocab.txt datasets/test.tsv \\\n"
    "      '{\"path\": \"datasets/INA_TweetsPPKM_Labeled_Pure.csv\", \"format\": \"tweets\"}'\n";

typedef struct plan {
    qg_arena *arena;
    qg_vocab_options options;
    const char *output;
    char **data; /* [n] */
    int n;
    bool help;
} plan;

static qg_code read_number(int *out, const char *option, const char *text)
{
    char *end;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < 1 || v > 1 << 24)
        return QG_FAIL(QG_EUSAGE, "--%s '%s' is not a whole number from 1 to %d", option, text,
                       1 << 24);
    *out = (int)v;
    return QG_OK;
}

static qg_code read_options(plan *p, int argc, char **argv)
{
    enum { CASED = 256, HELP, NUMBERS };
    int *number[] = {&p->options.size, &p->options.alphabet, &p->options.min_character,
                     &p->options.min_pair};
    const struct option table[] = {{"size", required_argument, NULL, NUMBERS},
                                   {"alphabet", required_argument, NULL, NUMBERS + 1},
                                   {"min-character", required_argument, NULL, NUMBERS + 2},
                                   {"min-pair", required_argument, NULL, NUMBERS + 3},
                                   {"output", required_argument, NULL, 'o'},
                                   {"cased", no_argument, NULL, CASED},
                                   {"help", no_argument, NULL, HELP},
                                   {NULL, 0, NULL, 0}};
    p->options.size = 0;
    for (int c; (c = getopt_long(argc, argv, "o:", table, NULL)) != -1;) {
        if (c == '?')
            return QG_FAIL(QG_EUSAGE, "type train_vocab --help");
        if (c >= NUMBERS)
            QG_TRY(read_number(number[c - NUMBERS], table[c - NUMBERS].name, optarg));
        else if (c == CASED)
            p->options.lower_case = false;
        else if (c == 'o')
            p->output = optarg;
        else
            p->help = true;
    }
    p->data = argv + optind;
    p->n = argc - optind;
    if (!p->help && (!p->output || p->options.size == 0 || p->n == 0))
        return QG_FAIL(QG_EUSAGE, "--size N, -o FILE and data are needed, type train_vocab --help");
    return QG_OK;
}

/* A path, or a JSON object. */
static qg_code read_spec(qg_dataset_spec *out, const plan *p, const char *text)
{
    qg_json_doc doc;
    qg_str s = {0};
    qg_problems problems = {.arena = p->arena};
    if (text[0] == '{')
        qg_str_add(&s, text);
    else
        qg_str_add_json(&s, text, strlen(text));
    qg_code rc = qg_str_status(&s);
    char *kept = rc == QG_OK ? qg_arena_strdup(p->arena, s.data) : NULL;
    qg_str_fini(&s);
    if (!kept)
        return QG_ENOMEM;
    QG_TRY(qg_json_parse(&doc, p->arena, text, kept, strlen(kept)));
    if (qg_dataset_spec_read(out, "data", &doc, doc.root, &problems) == QG_OK)
        return QG_OK;
    return problems.n ? qg_error_restore(&problems.item[0]) : QG_ENOMEM;
}

static qg_code add_data(qg_vocab_trainer *t, const plan *p, const char *text)
{
    qg_dataset_spec spec;
    qg_dataset d;
    QG_TRY(read_spec(&spec, p, text));
    QG_TRY(qg_dataset_load(&d, p->arena, &spec, NULL));
    for (int64_t i = 0; i < d.n; i++)
        QG_TRY(qg_vocab_trainer_add(t, d.text[i], d.text_len[i]));
    return QG_OK;
}

static qg_code write_tokens(const char *path, const char *const *token, int n)
{
    qg_str s = {0};
    for (int i = 0; i < n; i++)
        qg_str_addf(&s, "%s\n", token[i]);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK && strcmp(path, "-") != 0)
        rc = qg_file_write(path, s.data, s.len);
    else if (rc == QG_OK && (fputs(s.data, stdout) < 0 || fflush(stdout) != 0))
        rc = QG_FAIL(QG_EIO, "standard output cannot be written");
    qg_str_fini(&s);
    return rc;
}

static qg_code train(plan *p, int argc, char **argv)
{
    qg_vocab_trainer *t;
    const char *const *token;
    int n;
    QG_TRY(read_options(p, argc, argv));
    if (p->help) {
        fputs(usage, stdout);
        return QG_OK;
    }
    QG_TRY(qg_vocab_trainer_make(&t, p->arena, &p->options));
    for (int i = 0; i < p->n; i++)
        QG_TRY(add_data(t, p, p->data[i]));
    QG_TRY(qg_vocab_trainer_finish(&token, &n, t));
    qg_vocab_count c = qg_vocab_trainer_count(t);
    qg_note("%lld words, %lld different; %d characters, %lld words left out for rare ones; %d "
            "entries",
            (long long)c.words, (long long)c.distinct, c.characters, (long long)c.left_out, n);
    return write_tokens(p->output, token, n);
}

int main(int argc, char **argv)
{
    plan p = {.arena = qg_arena_create(0), .options = qg_vocab_options_default};
    qg_code rc = p.arena ? train(&p, argc, argv) : QG_FAIL(QG_ENOMEM, "no memory");
    if (rc != QG_OK)
        qg_log_error(qg_error_last());
    qg_arena_destroy(p.arena);
    return rc == QG_OK ? 0 : rc == QG_EUSAGE ? 2 : 1;
}
