# page.py - what a page of HTML has to be: well-formed, its links at home, nothing fetched, nothing
# of a text alive. Raises AssertionError with the place.
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "input", "img", "wbr", "col", "source"}
FETCHING = {"src", "srcset", "poster", "action", "formaction", "background", "ping", "manifest"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.labels = [], {}, [], []
        self.headings, self.tags, self.text, self.cut = [], {}, [], 0
        self.scripts, self.kept = [], []
        self.feed(text)
        self.close()
        assert not self.open, "left open: %s" % self.open

    def where(self):
        return "line %d, column %d" % self.getpos()

    def handle_starttag(self, tag, attributes):
        names = [k for k, _ in attributes]
        assert len(names) == len(set(names)), "an attribute twice, %s: %s" % (self.where(), attributes)
        values = dict(attributes)
        for name, value in attributes:
            assert not name.startswith("on"), "a handler, %s: %s" % (self.where(), name)
            assert name not in FETCHING, "%s fetches %s" % (self.where(), name)
            assert "javascript:" not in (value or "").lower() or name not in ("href", "xlink:href"), value
        if "id" in values:
            assert values["id"] not in self.ids, "id %s twice, %s" % (values["id"], self.where())
            self.ids[values["id"]] = tag
        if "href" in values:
            self.links.append((values["href"], "download" in values))
        self.labels += [i for k in ("aria-labelledby", "aria-describedby") for i in values.get(k, "").split()]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag == "th":
            assert values.get("scope"), "a head without a scope, %s" % self.where()
        if tag in ("svg",):
            assert values.get("role") == "img" and (values.get("aria-label") or values.get("aria-labelledby")), self.where()
        if tag not in VOID:
            self.open.append((tag, "data-timing" in values))
            self.cut += "data-timing" in values
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if not self.cut:
            self.kept.append((tag, tuple(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert tag not in VOID, "%s is closed, %s" % (tag, self.where())
        assert self.open and self.open[-1][0] == tag, "%s: </%s> closes %s" % (self.where(), tag, self.open[-1:])
        self.cut -= self.open.pop()[1]
        if not self.cut:
            self.kept.append(("/", tag))

    def handle_data(self, data):
        inside = self.open[-1][0] if self.open else ""
        if inside == "script":
            self.scripts.append(data)
        if inside not in ("script", "style"):
            self.text.append(data)
        if not self.cut:
            self.kept.append(data)

    def check(self):
        for href, download in self.links:
            if href.startswith("#"):
                assert href[1:] in self.ids, "nothing has the id %s" % href
            elif href.startswith("data:"):
                assert download and href.startswith("data:application/json;base64,"), href[:60]
            else:
                assert ":" not in href and not href.startswith("/"), "a link away: %s" % href
        for i in self.labels:
            assert i in self.ids, "nothing has the id %s" % i
        assert self.headings[0] == 1 and self.headings.count(1) == 1
        assert all(b - a <= 1 for a, b in zip(self.headings, self.headings[1:])), self.headings
        for tag in ("main", "header", "nav", "footer", "title"):
            assert self.tags.get(tag) == 1 or tag == "title" and self.tags.get(tag, 0) >= 1, tag
        assert "script" in self.tags and len(self.scripts) == 1


def read(path):
    return open(path, encoding="utf-8").read()


def checked(path):
    text = read(path)
    assert text.startswith("<!DOCTYPE html>\n<html lang=")
    assert "\u202e" not in text, "text is reordered"
    page = Page(text)
    page.check()
    return page
