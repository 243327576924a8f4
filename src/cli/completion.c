/*
 * completion.c - what is known about the values of options and about arguments.
 *
 * An option of a name means the same in every command. Of the others the name of the value says
 * whether it is a file or a folder.
 */
#include "document.h"
#include "terminal.h"

#include "qgrid/bench.h"
#include "qgrid/method.h"
#include "qgrid/model.h"

#include <string.h>

static void add_word(qg_str *out, const char *word)
{
    qg_str_addf(out, "%s%s", out->len ? " " : "", word);
}

static void add_words(qg_str *out, const char *const *names)
{
    for (; *names; names++)
        add_word(out, *names);
}

static void precisions(qg_str *out)
{
    for (const qg_precision *const *p = qg_precisions; *p; p++)
        add_word(out, qg_precision_name(*p));
}

static void methods(qg_str *out)
{
    add_word(out, "all");
    for (const qg_method *const *m = qg_methods; *m; m++)
        add_word(out, (*m)->name);
}

static void embeddings(qg_str *out)
{
    add_words(out, qg_embedding_names);
}

static void parameters(qg_str *out)
{
    add_words(out, qg_parameters_names);
}

static void colors(qg_str *out)
{
    add_words(out, qg_color_names);
}

static void progress(qg_str *out)
{
    add_words(out, qg_cli_progress_names);
}

static void targets(qg_str *out)
{
    add_word(out, "predicted");
    add_word(out, "reference");
}

static void heads(qg_str *out)
{
    add_word(out, "random");
}

static void shapes(qg_str *out)
{
    char names[200];
    for (const char *p = qg_bench_shape_names(names, sizeof names); *p; p++)
        if (*p != ',')
            qg_str_addn(out, p, 1);
}

static const struct {
    const char *option;
    void (*words)(qg_str *out);
} known[] = {
    {"precision", precisions}, {"method", methods}, {"embeddings", embeddings},
    {"color", colors},         {"head", heads},     {"progress", progress},
    {"target", targets},       {"shape", shapes},   {"parameters", parameters},
};

/* Files and folders by the name of the value. */
static const struct {
    const char *name;
    qg_value_kind kind;
    const char *ending;
} places[] = {
    {"FILE", QG_VALUE_FILE, ""},       {"DIR", QG_VALUE_FOLDER, ""},
    {"JOB", QG_VALUE_FILE, ".json"},   {"CONFIG", QG_VALUE_FILE, ".json"},
    {"RESULTS", QG_VALUE_FILE, ".h5"}, {"A", QG_VALUE_FILE, ".h5"},
};

static qg_value value_of_name(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strlen(places[i].name) == len && strncmp(places[i].name, name, len) == 0)
            return (qg_value){.kind = places[i].kind, .ending = places[i].ending};
    return (qg_value){.ending = ""};
}

qg_value qg_value_of_option(const qg_cli_option *o)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].option, o->name) == 0) {
            qg_value v = {.kind = QG_VALUE_WORDS, .ending = ""};
            v.list = strchr(o->value, ',') || strcmp(o->value, "LIST") == 0;
            known[i].words(&v.words);
            return v;
        }
    return value_of_name(o->value, strlen(o->value));
}

/* "[a|b|c]", "JOB", "RESULTS [CELL]", "-m MODEL [FILE]": the first that is no option's. */
qg_value qg_value_of_arguments(const qg_command *cmd)
{
    for (const char *p = cmd->arguments; *p;) {
        size_t n;
        p += strspn(p, " [|");
        n = strcspn(p, " ]");
        if (*p == '-') {
            p += n;
            p += strspn(p, " ");
            p += strcspn(p, " ]");
        } else if (memchr(p, '|', n)) {
            qg_value v = {.kind = QG_VALUE_WORDS, .ending = ""};
            for (const char *end = p + n; p < end; p += strspn(p, "|")) {
                size_t len = strcspn(p, "|] ");
                qg_str_addf(&v.words, "%s%.*s", v.words.len ? " " : "", (int)len, p);
                p += len;
            }
            return v;
        } else {
            return value_of_name(p, n);
        }
        p += strspn(p, "] ");
    }
    return (qg_value){.ending = ""};
}

const qg_shell qg_shells[] = {
    {"bash", qg_complete_bash},
    {"zsh", qg_complete_zsh},
    {"fish", qg_complete_fish},
    {NULL, NULL},
};
