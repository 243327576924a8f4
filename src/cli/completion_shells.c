/*
 * completion_shells.c - completion of qgrid's words in bash, zsh and fish.
 */
#include "document.h"

#include <string.h>

/* Text inside single quotes; characters of `escaped` get a backslash in front. `quote` is what
 * stands for a single quote. */
static void add_quoted(qg_str *out, const char *text, const char *escaped, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'') {
            qg_str_add(out, quote);
            continue;
        }
        if (strchr(escaped, *text))
            qg_str_add(out, "\\");
        qg_str_addn(out, text, 1);
    }
}

static bool has_letter(const qg_cli_option *o)
{
    return o->key < 256;
}

static const char *words_of(const qg_value *v)
{
    return v->words.data ? v->words.data : "";
}

/* ---------------------------------------------------------------------------------------- bash */

/* Says what is expected, as positional parameters: its kind, and words or an ending. */
static void bash_expect(qg_str *out, qg_value v)
{
    static const char *const kinds[] = {"any", "words", "file", "folder"};
    qg_str_addf(out, "set -- %s '%s'", v.list ? "list" : kinds[v.kind],
                v.kind == QG_VALUE_WORDS ? words_of(&v) : v.ending);
    qg_str_fini(&v.words);
}

static void bash_command(qg_str *out, const qg_command *c)
{
    qg_str_addf(out, "    %s)\n        options='--help --verbose", c->name);
    for (const qg_cli_option *o = c->options; o->name; o++)
        qg_str_addf(out, " --%s", o->name);
    qg_str_add(out, "'\n        case $prev in\n");
    for (const qg_cli_option *o = c->options; o->name; o++) {
        if (!o->value)
            continue;
        qg_str_add(out, "        ");
        if (has_letter(o))
            qg_str_addf(out, "-%c | ", o->key);
        qg_str_addf(out, "--%s) ", o->name);
        bash_expect(out, qg_value_of_option(o));
        qg_str_add(out, " ;;\n");
    }
    qg_str_add(out, "        *) ");
    bash_expect(out, qg_value_of_arguments(c));
    qg_str_add(out, "; free=1 ;;\n        esac\n        ;;\n");
}

static const char bash_head[] =
    "# bash completion of qgrid, made by: qgrid document completion bash\n"
    "_qgrid()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command=${COMP_WORDS[1]} options='--help --version' free=0 head=\n"
    "    # \"--option=value\" comes as three words.\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    set -- any\n"
    "    ((COMP_CWORD > 1)) || command=\n"
    "    case $command in *.json) command=run ;; *.h5) command=show ;; esac\n"
    "    case $command in\n";

static const char bash_tail[] =
    "    esac\n"
    "    if [[ $free == 1 && $cur == -* ]]; then\n"
    "        set -- words \"$options\"\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    case $1 in\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$2\" -- \"$cur\") ;;\n"
    "    list)\n"
    "        [[ $cur == *,* ]] && head=${cur%,*},\n"
    "        mapfile -t COMPREPLY < <(compgen -P \"$head\" -W \"$2\" -- \"${cur##*,}\")\n"
    "        ;;\n"
    "    file)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -X \"!*$2\" -- \"$cur\"; [[ -z $2 ]] || "
    "compgen -d -- \"$cur\")\n"
    "        ;;\n"
    "    folder)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "        ;;\n"
    "    esac\n"
    "    if [[ -z $command && $cur != -* ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X '!*.json' -- \"$cur\"; "
    "compgen -f -X '!*.h5' -- \"$cur\"; "
    "compgen -d -- \"$cur\")\n"
    "    fi\n"
    "}\n"
    "complete -F _qgrid qgrid\n";

void qg_complete_bash(qg_str *out)
{
    qg_str_add(out, bash_head);
    qg_str_add(out, "    '') free=1; set -- words '");
    for (const qg_command *c = qg_commands; c->name; c++)
        qg_str_addf(out, "%s%s", c == qg_commands ? "" : " ", c->name);
    qg_str_add(out, "' ;;\n");
    for (const qg_command *c = qg_commands; c->name; c++)
        bash_command(out, c);
    qg_str_add(out, bash_tail);
}

/* ----------------------------------------------------------------------------------------- zsh */

static void zsh_text(qg_str *out, const char *text)
{
    add_quoted(out, text, "[]:\\", "'\\''");
}

/* ":message:action" of a specification of _arguments. */
static void zsh_value(qg_str *out, const char *name, qg_value v)
{
    qg_str_add(out, ":");
    zsh_text(out, name);
    if (v.list)
        qg_str_addf(out, ":_values -s , value %s", words_of(&v));
    else if (v.kind == QG_VALUE_WORDS)
        qg_str_addf(out, ":(%s)", words_of(&v));
    else if (v.kind == QG_VALUE_FOLDER)
        qg_str_add(out, ":_files -/");
    else if (v.kind == QG_VALUE_FILE && v.ending[0])
        qg_str_addf(out, ":_files -g \"*%s\"", v.ending);
    else
        qg_str_add(out, v.kind == QG_VALUE_FILE ? ":_files" : ": ");
    qg_str_fini(&v.words);
}

static void zsh_option(qg_str *out, const qg_cli_option *o)
{
    const char *equal = o->value ? "=" : "", *plus = o->value ? "+" : "";
    if (has_letter(o))
        qg_str_addf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", o->key, o->name, o->key, plus, o->name,
                    equal);
    else
        qg_str_addf(out, "'--%s%s[", o->name, equal);
    zsh_text(out, o->help);
    qg_str_add(out, "]");
    if (o->value)
        zsh_value(out, o->value, qg_value_of_option(o));
    qg_str_add(out, "' \\\n            ");
}

static void zsh_command(qg_str *out, const qg_command *c)
{
    qg_str_addf(out, "    %s%s)\n        _arguments -s -S \\\n            ",
                c == qg_commands ? "*.json|" : "", c->name);
    for (const qg_cli_option *o = c->options; o->name; o++)
        zsh_option(out, o);
    qg_str_add(out, "'(-v --verbose)'{-v,--verbose}'[say more]' "
                    "'(- *)'{-h,--help}'[help]' '*");
    zsh_value(out, c->arguments, qg_value_of_arguments(c));
    qg_str_add(out, "'\n        ;;\n");
}

void qg_complete_zsh(qg_str *out)
{
    qg_str_add(out, "#compdef qgrid\n"
                    "# zsh completion of qgrid, made by: qgrid document completion zsh\n"
                    "_qgrid() {\n"
                    "    local -a commands\n"
                    "    commands=(\n");
    for (const qg_command *c = qg_commands; c->name; c++) {
        qg_str_addf(out, "        '%s:", c->name);
        zsh_text(out, c->summary);
        qg_str_add(out, "'\n");
    }
    qg_str_add(out, "    )\n"
                    "    if (( CURRENT == 2 )); then\n"
                    "        _describe command commands\n"
                    "        _files -g '*.json'\n"
                    "        return\n"
                    "    fi\n"
                    "    shift words\n"
                    "    (( CURRENT-- ))\n"
                    "    case $words[1] in\n");
    for (const qg_command *c = qg_commands; c->name; c++)
        zsh_command(out, c);
    qg_str_add(out, "    esac\n"
                    "}\n"
                    "if [ \"$funcstack[1]\" = _qgrid ]; then\n"
                    "    _qgrid \"$@\"\n"
                    "else\n"
                    "    compdef _qgrid qgrid\n"
                    "fi\n");
}

/* ---------------------------------------------------------------------------------------- fish */

static void fish_text(qg_str *out, const char *text)
{
    qg_str_add(out, " -d '");
    add_quoted(out, text, "\\", "\\'");
    qg_str_add(out, "'\n");
}

/* Which words there are; no files unless files are meant. */
static void fish_value(qg_str *out, qg_value v)
{
    if (v.list)
        qg_str_addf(out, " -f -a '(__fish_append , %s)'", words_of(&v));
    else if (v.kind == QG_VALUE_WORDS)
        qg_str_addf(out, " -f -a '%s'", words_of(&v));
    else if (v.kind == QG_VALUE_FOLDER)
        qg_str_add(out, " -f -a '(__fish_complete_directories)'");
    else if (v.kind == QG_VALUE_FILE && v.ending[0])
        qg_str_addf(out, " -f -a '(__fish_complete_suffix %s)'", v.ending);
    else
        qg_str_add(out, v.kind == QG_VALUE_FILE ? " -F" : " -f");
    qg_str_fini(&v.words);
}

static void fish_command(qg_str *out, const qg_command *c)
{
    qg_str_addf(out, "complete -c qgrid -n __fish_use_subcommand -a %s", c->name);
    fish_text(out, c->summary);
    for (const qg_cli_option *o = c->options; o->name; o++) {
        qg_str_addf(out, "complete -c qgrid -n '__fish_seen_subcommand_from %s' -l %s", c->name,
                    o->name);
        if (has_letter(o))
            qg_str_addf(out, " -s %c", o->key);
        if (o->value) {
            qg_str_add(out, " -r");
            fish_value(out, qg_value_of_option(o));
        }
        fish_text(out, o->help);
    }
    qg_str_addf(out, "complete -c qgrid -n '__fish_seen_subcommand_from %s'", c->name);
    fish_value(out, qg_value_of_arguments(c));
    qg_str_add(out, "\n");
}

void qg_complete_fish(qg_str *out)
{
    qg_str_add(out, "# fish completion of qgrid, made by: qgrid document completion fish\n"
                    "complete -c qgrid -f\n"
                    "complete -c qgrid -l help -s h -d 'help'\n"
                    "complete -c qgrid -l verbose -s v -d 'say more'\n"
                    "complete -c qgrid -n __fish_use_subcommand -a '(__fish_complete_suffix "
                    ".json)'\n"
                    "complete -c qgrid -n __fish_use_subcommand -l version -d 'what this program "
                    "is'\n");
    for (const qg_command *c = qg_commands; c->name; c++)
        fish_command(out, c);
}
