#!/usr/bin/python3
"""unicode-tables.py [--check] [FOLDER]: writes src/text/unicode_*.inc, what the tokenizers and text rules ask about code
points, from the Unicode character database of FOLDER (Debian's unicode-data: /usr/share/unicode). --check compares the
tables with Python's unicodedata instead, for all code points that both versions of Unicode know."""
import re
import sys
import unicodedata
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "src/text"
MOST = 0x110000
MOVED = 100  # code points that a later version may have given another category
CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split()


def rows(path):
    """Fields of a file of the database, without comments."""
    for line in path.read_text(encoding="utf8").splitlines():
        line = line.split("#")[0].strip()
        if line:
            yield [f.strip() for f in line.split(";")]


def span(text):
    first, _, last = text.partition("..")
    return int(first, 16), int(last or first, 16)


class Database:
    def __init__(self, folder):
        self.category, self.combining, self.lower = ["Cn"] * MOST, {}, {}
        self.mapping, self.compatible, self.excluded = {}, set(), set()
        first = None
        for f in rows(folder / "UnicodeData.txt"):
            code = int(f[0], 16)
            if f[1].endswith("First>"):
                first = code
                continue
            for c in range(first if f[1].endswith("Last>") else code, code + 1):
                self.category[c] = f[2]
            if f[3] != "0":
                self.combining[code] = int(f[3])
            if f[13]:
                self.lower[code] = int(f[13], 16)
            if f[5]:
                if f[5].startswith("<"):
                    self.compatible.add(code)
                self.mapping[code] = [int(x, 16) for x in re.sub(r"<\w+>", "", f[5]).split()]
        for f in rows(folder / "DerivedNormalizationProps.txt"):
            if f[1] == "Full_Composition_Exclusion":
                a, b = span(f[0])
                self.excluded.update(range(a, b + 1))
        self.version = re.search(r"-(\d+\.\d+\.\d+)\.txt", (folder / "DerivedNormalizationProps.txt").read_text()).group(1)

    def full(self, c, compatible):
        """The full decomposition of a code point, in canonical order."""
        if c not in self.mapping or (c in self.compatible and not compatible):
            return [c]
        out = [d for part in self.mapping[c] for d in self.full(part, compatible)]
        at = 0
        while at < len(out):
            end = at + 1
            while end < len(out) and self.combining.get(out[end], 0):
                end += 1
            if self.combining.get(out[at], 0) == 0:
                at += 1
            out[at:end] = sorted(out[at:end], key=lambda d: self.combining.get(d, 0))
            at = end
        return out


def category_runs(db):
    runs, last = [], None
    for c, k in enumerate(db.category):
        if k != last:
            runs.append(c << 5 | CATEGORIES.index(k))
        last = k
    return runs


def lower_runs(db):
    """first, last, step, what is added: of code points at equal distances with one difference."""
    runs = []
    for c in sorted(db.lower):
        d = db.lower[c] - c
        if c == 0x130:
            continue
        r = runs[-1] if runs else None
        if r and r[3] == d and (c - r[1] == r[2] or (r[0] == r[1] and c - r[1] <= 2)):
            r[2] = c - r[1]
            r[1] = c
        else:
            runs.append([c, c, 1, d])
    return runs


def class_runs(db):
    runs = []
    for c in sorted(db.combining):
        r = runs[-1] if runs else None
        if r and r[1] == c - 1 and r[2] == db.combining[c]:
            r[1] = c
        else:
            runs.append([c, c, db.combining[c]])
    return runs


def decompositions(db):
    """Rows (code, place in the pool, length) of canonical ones, of compatible ones where they differ, and the pool."""
    pool, places = [], {}

    def place(seq):
        if tuple(seq) not in places:
            places[tuple(seq)] = len(pool)
            pool.extend(seq)
        return places[tuple(seq)]

    canonical, compatible = [], []
    for c in sorted(db.mapping):
        a, b = db.full(c, False), db.full(c, True)
        if a != [c]:
            canonical.append((c, place(a), len(a)))
        if b != a:
            compatible.append((c, place(b), len(b)))
    return canonical, compatible, pool


def compositions(db):
    out = []
    for c, parts in db.mapping.items():
        if c not in db.compatible and c not in db.excluded and len(parts) == 2:
            out.append((parts[0], parts[1], c))
    return sorted(out)


def number(x):
    return hex(x) if x >= 0 else str(x)


def lay(items):
    """Lines of at most 100 characters."""
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 1 > 100:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item
    return "\n".join(lines + [line]) + "\n"


def write(name, db, what, items):
    text = f"/* unicode_{name} - {what}; made by scripts/unicode-tables.py from Unicode {db.version} */\n"
    (HERE / f"unicode_{name}").write_text(text + lay(items), encoding="ascii")


def braces(row):
    return "{" + ", ".join(number(x) for x in row) + "},"


def write_all(folder):
    db = Database(folder)
    canonical, compatible, pool = decompositions(db)
    write("version.inc", db, "the version of all tables", [f'"{db.version}"'])
    write("categories.inc", db, "first code point << 5 | category of each run", [number(x) + "," for x in category_runs(db)])
    write("lower.inc", db, "first, last, step, what is added", map(braces, lower_runs(db)))
    write("classes.inc", db, "first, last, combining class", map(braces, class_runs(db)))
    write("canonical.inc", db, "code point, place in unicode_pool.inc, length", map(braces, canonical))
    write("compatible.inc", db, "the same, where it differs from the canonical one", map(braces, compatible))
    write("pool.inc", db, "full decompositions", [number(x) + "," for x in pool])
    write("compositions.inc", db, "first, second, what they make", map(braces, compositions(db)))


# ------------------------------------------------------------------------------------------------ checking


def read(name):
    text = re.sub(r"/\*.*?\*/", "", (HERE / f"unicode_{name}").read_text(), flags=re.S)
    numbers = [int(x, 0) for x in re.findall(r"-?0x[0-9a-f]+|-?\d+", text)]
    width = text.split("}")[0].count(",") + 1 if "{" in text else 1
    return [tuple(numbers[i:i + width]) for i in range(0, len(numbers), width)] if width > 1 else numbers


def categories():
    out, runs = [], read("categories.inc")
    for run, after in zip(runs, runs[1:] + [MOST << 5]):
        out += [CATEGORIES[run & 31]] * ((after >> 5) - (run >> 5))
    return out


def check():
    """Everything that Python knows as assigned; what a later version changed is printed and counted."""
    category, lower, pool = categories(), {}, read("pool.inc")
    for first, last, step, add in read("lower.inc"):
        lower.update((c, c + add) for c in range(first, last + 1, step))
    canonical = {c: pool[at:at + n] for c, at, n in read("canonical.inc")}
    compatible = canonical | {c: pool[at:at + n] for c, at, n in read("compatible.inc")}
    classes = {c: k for first, last, k in read("classes.inc") for c in range(first, last + 1)}
    pairs, known, differ = {(a, b): c for a, b, c in read("compositions.inc")}, 0, 0
    hangul = range(0xac00, 0xd7a4)
    for c in range(MOST):
        if "Cn" in (unicodedata.category(chr(c)), category[c]) or 0xd800 <= c < 0xe000:
            continue
        s = chr(c)
        known += 1
        mine = (category[c], lower.get(c, c), classes.get(c, 0), canonical.get(c, [c]), compatible.get(c, [c]))
        theirs = (unicodedata.category(s), ord(s.lower()) if len(s.lower()) == 1 else c, unicodedata.combining(s),
                  [ord(x) for x in unicodedata.normalize("NFD", s)], [ord(x) for x in unicodedata.normalize("NFKD", s)])
        if c in hangul:
            mine, theirs = mine[:3], theirs[:3]
        if mine != theirs:
            differ += 1
            print(f"U+{c:04X}: {mine}, Python {theirs}")
    for (a, b), c in pairs.items():
        if unicodedata.category(chr(c)) != "Cn" and unicodedata.normalize("NFC", chr(a) + chr(b)) != chr(c):
            differ += 1
            print(f"U+{a:04X} U+{b:04X}: U+{c:04X} here")
    version = (HERE / "unicode_version.inc").read_text().split('"')[1]
    print(f"Unicode {version} here, {unicodedata.unidata_version} in Python: {known} code points compared, {differ} differ")
    parts = lambda v: [int(x) for x in v.split(".")]
    return differ <= (MOVED if parts(unicodedata.unidata_version) > parts(version) else 0)


def main():
    words = sys.argv[1:]
    if words == ["--check"]:
        sys.exit(0 if check() else 1)
    write_all(Path(words[0] if words else "/usr/share/unicode"))


if __name__ == "__main__":
    main()
