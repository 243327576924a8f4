#!/usr/bin/env python3
"""document.py - what the tests of the documents need to know about them.

    document.py split DOCUMENT FOLDER   one file a block of code; prints a line "NUMBER KIND TITLE" each
    document.py shown WANT OUTPUT       whether lines shown in a document stand in what a command printed
    document.py links DOCUMENT...       whether links, and files that are named, are there

Kinds of blocks, by the words behind the fence:
    console      "$ COMMAND" lines, each one case, and what it prints: shown, with "..." for left out
    sh           one script
    python       the blocks of a document are one program; a text block behind one is what it prints
    r            one script
    json         a whole job; "json part": members that replace those of jobs/qat.json;
                 "json config": a training
    c FILE       a new file, diff: a patch (the recipes)
A comment `<!-- tests: s/LONG/SHORT/ -->` in front of a block changes its commands (sed) where they
take too long, or need what is not there.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

FENCE = re.compile(r"^```(.*)$")
CHANGE = re.compile(r"^<!-- tests: (.*) -->$")


def blocks(path):
    """Yields (words behind the fence, sed expression or None, text) of each block of a document."""
    words, change, lines = None, None, []
    for line in Path(path).read_text().split("\n"):
        fence = FENCE.match(line)
        if words is None and fence:
            words, lines = fence.group(1).strip(), []
        elif words is None:
            comment = CHANGE.match(line)
            change = comment.group(1) if comment else None
        elif line == "```":
            yield words, change, "\n".join(lines) + "\n"
            words, change = None, None
        else:
            lines.append(line)
    assert words is None, f"{path}: a block is not closed"


def changed(text, change):
    if not change:
        return text
    out = subprocess.run(["sed", "-E", change], input=text, capture_output=True, text=True, check=True).stdout
    assert out != text, f"'{change}' changes nothing"
    return out


def console(text, change):
    """Yields (title, command, lines shown)."""
    command, shown = None, []
    for line in text.split("\n"):
        if line.startswith("$ "):
            if command:
                yield command, changed_if(command, change), shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    if command:
        yield command, changed_if(command, change), shown


def changed_if(command, change):
    """A change of a block with several commands need not concern each of them."""
    if not change:
        return command
    return subprocess.run(["sed", "-E", change], input=command, capture_output=True, text=True, check=True).stdout


def split(document, folder):
    folder = Path(folder)
    folder.mkdir()
    program, printed, number = [], [], 0

    def case(kind, title, text, shown=()):
        nonlocal number
        number += 1
        (folder / f"{number}").write_text(text)
        (folder / f"{number}.shown").write_text("\n".join(shown))
        print(number, kind, title.split("\n")[0])

    for words, change, text in blocks(document):
        kind = words.split(" ")[0]
        if kind == "console":
            if change:
                changed(text, change)
            for title, command, shown in console(text, change):
                case("console", title, command, shown)
        elif kind == "sh":
            case("sh", text, changed(text, change))
        elif kind == "r":
            case("r", "its R", text)
        elif kind == "python":
            program.append(text)
        elif kind == "text" and program:
            printed.append(text)
        elif words == "json":
            case("job", "its job", text)
        elif words == "json part":
            job = json.loads(Path("jobs/qat.json").read_text()) | json.loads(text)
            case("job", "its part of a job: " + ", ".join(json.loads(text)), json.dumps(job))
        elif words == "json config":
            case("config", "its training", text)
        elif kind == "c":
            case("file", words[2:], text)
        elif kind == "diff":
            case("diff", text, text)
        else:
            assert kind in ("", "text"), f"{document}: a block of {words}"
    if program:
        case("python", "its Python", "".join(program), "".join(printed).split("\n"))


def form(line):
    """A line without its numbers and the width of its columns: both depend on the machine."""
    line = re.sub(r"[█▉▊▋▌▍▎▏]+", "", line)
    line = re.sub(r"(?<![\w.])[-+]?\d+(\.\d+)?(e[-+]?\d+)?(?![\w.]*[a-z_])|(?<!\S)-(?!\S)", "N", line)
    return " ".join(line.split())


def shown(want, output):
    """Each line shown is printed, in this order, and with nothing between them but where "..." is."""
    have = [form(line) for line in Path(output).read_text().split("\n")]
    at, free = 0, True
    for line in Path(want).read_text().rstrip("\n").split("\n"):
        if line == "...":
            free = True
            continue
        if not form(line):
            continue
        while at < len(have) and have[at] != form(line) and (free or not have[at]):
            at += 1
        if at == len(have) or have[at] != form(line):
            print(f"shown, but not printed here: {line}\nas: {form(line)}")
            return 1
        at, free = at + 1, False
    return 0


def headings(page):
    """The anchors of a page's headings."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", page.read_text(), re.M)}


def links(*documents):
    bad = 0
    for page in map(Path, documents):
        for to, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
            target = page.parent / to if to else page
            if not to.startswith("http") and (not target.exists() or heading and heading not in headings(target)):
                print(f"{page}: the link to {to}#{heading} leads nowhere")
                bad = 1
        for path in re.findall(r"`((?:src|include|scripts|tests|tools|jobs|slurm)/[\w./*-]+)`", page.read_text()):
            if not list(Path(".").glob(path)):
                print(f"{page}: there is no {path}")
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit({"split": split, "shown": shown, "links": links}[sys.argv[1]](*sys.argv[2:]))
