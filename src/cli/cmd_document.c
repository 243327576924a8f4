/*
 * cmd_document.c - qgrid document: texts that are made from the tables of options.
 */
#include "document.h"

#include <string.h>

const qg_cli_option qg_cmd_document_options[] = {
    {0, NULL, NULL, NULL},
};
const char qg_cmd_document_examples[] =
    "  qgrid document man run | man -l -\n"
    "  source <(qgrid document completion bash)     (or zsh, fish)\n"
    "  qgrid document schema > job.schema.json      (for editors: checks jobs while they are "
    "written)\n";

static int manual(qg_str *out, const qg_command *self, const char *name)
{
    const qg_command *cmd = name ? qg_cli_find(name) : NULL;
    if (name && !cmd)
        return qg_cli_usage(self, "there is no command '%s'", name);
    qg_manual_page(out, cmd);
    return QG_EXIT_OK;
}

static int completion(qg_str *out, const qg_command *self, const char *name)
{
    for (const qg_shell *s = qg_shells; name && s->name; s++)
        if (strcmp(s->name, name) == 0) {
            s->write(out);
            return QG_EXIT_OK;
        }
    return qg_cli_usage(self, "the name of a shell is expected: bash, zsh or fish");
}

static int schema(qg_str *out, const qg_command *self, const char *name)
{
    if (name)
        return qg_cli_usage(self, "unexpected argument '%s'", name);
    return qg_job_schema(out) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
}

static const struct {
    const char *name;
    int (*write)(qg_str *out, const qg_command *self, const char *name); /* exit status */
} kinds[] = {{"man", manual}, {"completion", completion}, {"schema", schema}};

int qg_cmd_document(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("document");
    int status = -1;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (argc - optind < 1 || argc - optind > 2)
        return qg_cli_usage(cmd, "one of these is expected: man, completion, schema");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, argv[optind]) != 0)
            continue;
        qg_str out = {0};
        status = kinds[i].write(&out, cmd, argc - optind == 2 ? argv[optind + 1] : NULL);
        if (status == QG_EXIT_OK && qg_str_status(&out) != QG_OK)
            status = qg_cli_fail();
        if (status == QG_EXIT_OK)
            fwrite(out.data, 1, out.len, stdout);
        qg_str_fini(&out);
        return qg_cli_flush(status);
    }
    return qg_cli_usage(cmd, "'%s' is not one of: man, completion, schema", argv[optind]);
}
