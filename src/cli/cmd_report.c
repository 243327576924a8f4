/*
 * cmd_report.c - qgrid report: a results file as one page to read, with its tables and figures.
 */
#include "cli.h"
#include "report_folder.h"

enum { OPT_ONLY = 256, OPT_TEXTS, OPT_TEXT };
enum { MOST_TEXTS = 1000 };

// clang-format off
const qg_cli_option qg_cmd_report_options[] = {
    {'o', "output", "DIR", "folder of the report: index.html and what is beside it (default: the results file's name without .h5)"},
    {OPT_ONLY, "only", "SECTION[,SECTION]", "these sections of the page, e.g. quality,words"},
    {OPT_TEXTS, "texts", "N", "show at most N texts word by word (default " "12" ")"},
    {OPT_TEXT, "text", "ID", "show this text word by word in place of those that rules choose, e.g. 28 or smsa/28; may be repeated"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_report_examples[] =
    "  qgrid report results/full_matrix.h5 -o results/report\n"
    "  qgrid report results/full_matrix.h5 -o /tmp/words --only words\n";
// clang-format on

int qg_cmd_report(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("report");
    const char *dir = NULL, *text[MOST_TEXTS];
    qg_report_wish wish = {.texts = QG_REPORT_TEXTS, .text = text};
    int64_t texts;
    int key, status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == 'o')
            dir = optarg;
        else if (key == OPT_ONLY)
            wish.only = optarg;
        else if (key == OPT_TEXT && wish.n_text == MOST_TEXTS)
            status = qg_cli_usage(cmd, "--text may be given %d times", MOST_TEXTS);
        else if (key == OPT_TEXT)
            text[wish.n_text++] = optarg;
        else if (key == OPT_TEXTS && !qg_cli_integer(&texts, optarg, 0, MOST_TEXTS))
            status = qg_cli_not_integer(cmd, "texts", 0, MOST_TEXTS);
        else if (key == OPT_TEXTS)
            wish.texts = (int)texts;
    }
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one results file is expected");
    if (dir && !dir[0])
        return qg_cli_usage(cmd, "--output needs the name of a folder");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return qg_cli_fail();
    if (!dir)
        dir = qg_report_folder(a, argv[optind]);
    status =
        dir && qg_report_file(a, argv[optind], dir, &wish) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    if (status == QG_EXIT_OK)
        printf("%s/index.html\n", dir);
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
