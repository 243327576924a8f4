/*
 * hints.c - where the files of a job come from that are not there.
 */
#include "hints.h"

#include "qgrid/file.h"
#include "qgrid/log.h"

#include <string.h>

#define QG_MODEL_FILES                                                                             \
    "config.json, vocab.txt, tokenizer files, pytorch_model.bin or model.safetensors"
#define QG_SMSA                                                                                    \
    "SmSA of IndoNLU: https://github.com/IndoNLP/indonlu, dataset/smsa_doc-sentiment-prosa/"

static const struct {
    const char *name, *from;
} sources[] = {
#define QG_SOURCE(name, from) {name, from},
#include "sources.def"
#undef QG_SOURCE
};

/* Whether the last part of a path is this name. */
static bool is_named(const char *path, const char *name)
{
    size_t end = strlen(path), n = strlen(name);
    while (end > 1 && path[end - 1] == '/')
        end--;
    return end >= n && memcmp(path + end - n, name, n) == 0 &&
           (end == n || path[end - n - 1] == '/');
}

static void hint(const char *path)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (is_named(path, sources[i].name))
            qg_note("    to get %s: %s", path, sources[i].from);
}

void qg_hints_print(const qg_job *job)
{
    for (int i = 0; i < job->n_models; i++)
        if (job->models[i].source.dir && !qg_dir_exists(job->models[i].source.dir))
            hint(job->models[i].source.dir);
    for (int i = 0; i < job->n_datasets; i++)
        if (job->datasets[i].path && !qg_file_exists(job->datasets[i].path))
            hint(job->datasets[i].path);
}
