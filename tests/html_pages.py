"""Reading HTML strictly: every element closed in order, ids once, what links and policies say."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta", "col", "wbr", "source"}
#: Elements a browser closes by itself; ours are closed by hand all the same.
SILENT = {"script", "style"}


class Page(HTMLParser):
    """A page, taken apart; raises AssertionError where it is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.refs: list[str] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.policy = ""
        self.landmarks: set[str] = set()
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.attributes += list(given.items())
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe") and "src" in given:
            self.loads.append(given["src"])
        if tag == "link":
            self.loads.append(given["href"])
        if tag == "form" and "data-index" in given:
            self.loads.append(given["data-index"])
        for name in ("aria-labelledby", "list", "for"):
            if name in given:
                self.refs.append(given[name])
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append(int(tag[1]))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        self.landmarks |= {tag} & {"header", "main", "footer", "nav"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> after {self.open[-3:]}"

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.scripts.append(data)
        elif inside == "style":
            self.styles.append(data)
        elif data.strip():
            self.texts.append(data.strip())


def sound(text: str) -> Page:
    """A page whose structure is as it should be."""
    page = Page(text)
    assert len(page.ids) == len(set(page.ids)), "an id twice"
    assert set(page.refs) <= set(page.ids), set(page.refs) - set(page.ids)
    assert page.landmarks >= {"header", "main", "footer"}
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    for a, b in zip(page.headings, page.headings[1:], strict=False):
        assert b <= a + 1, f"a heading of level {b} after one of {a}"
    assert page.policy.startswith("default-src 'none'; ")
    assert "unsafe" not in page.policy
    assert "http" not in page.policy
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert "javascript:" not in " ".join(page.links)
    return page
