"""The pages in a browser: headless Chromium, from files and from a server, with and without JavaScript.

Skipped, aloud, where there is no Chromium with its driver; see docs/development.md.
"""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from compared_packs import HOSTILE, compared, hostile, matrix, meant, real

from policy_rules.render.html.comparison import comparison
from policy_rules.render.html.difference import difference
from policy_rules.render.site import write_site

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason="no Chromium with chromedriver: apt-get install chromium chromium-driver",
    ),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip
WIDTHS = (375, 1440)


class Browser:
    """A browser that notes what it loaded and what it complained of."""

    def __init__(self, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = str(BROWSER)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        self.driver.set_page_load_timeout(60)
        self.driver.set_script_timeout(60)

    def open(self, url: str, width: int = 1440) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        self.driver.get(url)

    def js(self, script: str, *args: Any) -> Any:
        return self.driver.execute_script(script, *args)

    def wait(self, script: str) -> Any:
        """Until a script's value is true; its value."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, 30, 0.05).until(lambda d: d.execute_script(script))

    def keys(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def choose(self, name: str, value: str) -> int:
        """Set a filter; how many items are shown then."""
        self.js(
            "const e = document.querySelector(`[name=${arguments[0]}]`); e.value = arguments[1];"
            "e.dispatchEvent(new Event('input', {bubbles: true}));",
            name, value,
        )  # fmt: skip
        return self.settled()

    def settled(self) -> int:
        """How many items are shown once the filters have done their work; what the count says too."""
        self.driver.execute_async_script("setTimeout(arguments[0], 150)")
        shown, told = self.js(
            "return [[...document.querySelectorAll('[data-item]')].filter(e => e.getClientRects().length).length,"
            "document.querySelector('[data-count]').value]"
        )
        assert f" {shown} " in f" {told} "
        return int(shown)

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def loaded(self) -> list[str]:
        """All the page loaded besides itself."""
        found: list[str] = self.js(
            "return performance.getEntriesByType('resource').map(e => e.name)"
        )
        return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    pytest.importorskip("selenium")
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages tried, as addresses of files."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        "matrix": comparison(matrix(), "zh"),
        "matrix_en": comparison(matrix(), "en"),
        "diff": difference(compared(), "zh"),
        "meaning": difference(meant(), "zh"),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    write_site([*real(), hostile()], folder / "site")
    site = (folder / "site").as_uri()
    return {name: (folder / f"{name}.html").as_uri() for name in texts} | {
        "site": site,
        "folder": str(folder / "site"),
    }


# -- reports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["matrix", "matrix_en", "diff", "meaning"])
@pytest.mark.no_cover
def test_nothing_is_loaded_nothing_complains_nothing_overflows(
    browser: Browser, pages: dict[str, str], name: str, width: int
) -> None:
    browser.open(pages[name], width)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.js("return document.documentElement.scrollWidth") <= width
    assert browser.loaded() == []
    assert browser.complaints() == []


def test_filters_show_what_fits_and_count_it(browser: Browser, pages: dict[str, str]) -> None:
    report = matrix()
    entries = [(c, p) for c, cells in report.rows for ps in cells.values() for p in ps]
    several = {c.id for c, cells in report.rows if len(cells) > 1}
    browser.open(pages["matrix"])
    assert browser.settled() == len(entries)
    wanted = {
        ("force", "encourage"): lambda c, p: p.force == "encourage",
        ("effect", "offered"): lambda c, p: p.effect == "offered",
        ("kind", "target"): lambda c, p: p.outcome == "target",
        ("region", "zhengzhou"): lambda c, p: p.pack == "zhengzhou",
        ("topic", "employment"): lambda c, p: c.topic == "employment",
        ("mentioned", "several"): lambda c, p: c.id in several,
    }
    for (name, value), fits in wanted.items():
        count = sum(fits(c, p) for c, p in entries)
        assert 0 < count < len(entries)
        assert browser.choose(name, value) == count, name
        assert browser.choose(name, "") == len(entries)
    browser.choose("region", "zhengzhou")
    both = sum(p.pack == "zhengzhou" and p.force == "encourage" for _, p in entries)
    assert browser.choose("force", "encourage") == both
    browser.js("document.querySelector('[type=reset]').click()")
    assert browser.settled() == len(entries)


def test_words_are_found_in_concepts_and_entries(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["matrix"])
    concept = next(c for c, cells in matrix().rows if len(cells) > 1)
    count = browser.choose("q", concept.label.zh)
    assert count >= sum(
        len(ps) for c, cells in matrix().rows if c is concept for ps in cells.values()
    )
    assert concept.id in browser.js(
        "return [...document.querySelectorAll('[data-group]')].filter(e => e.getClientRects().length).map(e => e.id.slice(2))"
    )
    assert browser.choose("q", "没有这样的词") == 0
    assert (
        browser.js("return document.querySelector('[data-nothing]').getClientRects().length") == 1
    )


def test_differences_are_filtered_by_kind(browser: Browser, pages: dict[str, str]) -> None:
    report = compared()
    browser.open(pages["diff"])
    pairs = [p for c in report.concepts for p in c.pairs]
    assert browser.choose("difference", "force") == sum("force" in p.differs for p in pairs)
    assert browser.choose("difference", "only_a") == sum(len(c.only_left) for c in report.concepts)
    assert browser.choose("difference", "not_plainly") == sum(
        not p.comparable and not p.same for p in pairs
    )
    assert browser.choose("region", "b") == browser.choose("difference", "not_plainly")
    browser.open(pages["meaning"])
    assert browser.choose("difference", "means_narrower") == 1


def test_clauses_and_witnesses_unfold(browser: Browser, pages: dict[str, str]) -> None:
    from selenium.webdriver.common.by import By

    browser.open(pages["meaning"])
    opened = "return document.querySelectorAll('main .pair details[open]').length"
    assert browser.js(opened) == 0
    browser.js("document.querySelector('.meaning summary').focus()")
    browser.keys("\ue007")
    assert browser.wait(opened) == 1
    assert "8,500元/人" in browser.driver.find_element(By.CSS_SELECTOR, ".meaning").text
    browser.js("document.querySelector('[data-do=unfold]').click()")
    assert browser.js("return document.querySelectorAll('main details:not([open])').length") == 0
    browser.js("document.querySelector('[data-do=fold]').click()")
    assert browser.js("return document.querySelectorAll('main details[open]').length") == 0
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.js("return document.querySelector('.meaning details').open")
    browser.js("window.dispatchEvent(new Event('afterprint'))")
    assert browser.js(opened) == 0


def test_the_keyboard_reaches_the_content_first(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["matrix"])
    browser.keys("\ue004")
    assert browser.js("return document.activeElement.className") == "skip"
    assert browser.js("return document.activeElement.getBoundingClientRect().left") >= 0
    browser.keys("\ue007")
    assert browser.wait("return document.activeElement.id") == "content"
    browser.keys("\ue004")
    focused = browser.js(
        "const s = getComputedStyle(document.activeElement); return [document.activeElement.tagName, s.outlineStyle]"
    )
    assert focused == ["SUMMARY", "solid"]


def test_without_javascript_all_is_there(browser: Browser, pages: dict[str, str]) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(pages["diff"])
        concepts = compared().concepts
        count = sum(len(c.pairs) + len(c.only_left) + len(c.only_right) for c in concepts)
        document = browser.driver.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]

        def boxes(selector: str) -> list[bool]:
            found = browser.driver.execute_cdp_cmd(
                "DOM.querySelectorAll", {"nodeId": document, "selector": selector}
            )["nodeIds"]
            return [_box(browser, node) for node in found]

        assert boxes("[data-filters]") == [False]
        shown = boxes("[data-item]")
        assert len(shown) == count > 50
        assert all(shown)
        assert boxes(".pair details > summary")[0]
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def _box(browser: Browser, node: int) -> bool:
    """Whether an element takes any place on the page."""
    from selenium.common.exceptions import WebDriverException

    try:
        model = browser.driver.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": node})["model"]
    except WebDriverException:
        return False
    return bool(model["width"] and model["height"])


def test_dark_is_dark(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["matrix"])
    light = browser.js("return getComputedStyle(document.body).backgroundColor")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        dark = browser.js("return getComputedStyle(document.body).backgroundColor")
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 24, 30)")


# -- the explorer ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(pages: dict[str, str]) -> Iterator[str]:
    """The explorer on a server of its own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    handler = partial(Quiet, directory=pages["folder"])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "page",
    [
        "index.html", "concepts/index.html", "concepts/low_income_listing/index.html", "zhengzhou/index.html",
        "zhengzhou/rules/index.html", "zhengzhou/readings/index.html", "en/zhengzhou/三(一)1/index.html",
        "en/other/rules/focus_household/index.html",
    ],
)  # fmt: skip
def test_pages_of_the_explorer_load_their_own_and_do_not_overflow(
    browser: Browser, pages: dict[str, str], page: str, width: int
) -> None:
    browser.open(f"{pages['site']}/{quote(page, safe='/()')}", width)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.js("return document.documentElement.scrollWidth") <= width
    assert sorted(name.rpartition("/")[2] for name in browser.loaded()) in (
        ["page.css", "page.js"],
        [],
    )
    assert all(name.startswith(pages["site"]) for name in browser.loaded())
    assert (
        browser.js("return getComputedStyle(document.querySelector('.sitebar')).display") == "flex"
    )
    assert browser.complaints() == []


@pytest.mark.parametrize("where", ["file", "server"])
def test_search_finds_a_clause_and_leads_to_it_by_the_keyboard(
    browser: Browser, pages: dict[str, str], served: str, where: str
) -> None:
    root = pages["site"] if where == "file" else served
    browser.open(f"{root}/zhengzhou/rules/index.html")
    browser.js("document.querySelector('.search input').focus()")
    browser.keys("三(一)第1条第6句")
    browser.wait("return document.querySelectorAll('.results a').length")
    browser.keys("\ue015")
    first = browser.js("return document.activeElement.textContent")
    assert first == "三（一）第1条第6句"
    browser.keys("\ue007")
    browser.wait("return location.hash === '#6'")
    assert browser.js("return document.querySelector(':target h2').textContent").startswith(first)
    assert browser.complaints() in ([], [c for c in browser.complaints() if "favicon" in c])


def test_search_tells_texts_as_they_are(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(f"{pages['site']}/en/index.html")
    browser.js("document.querySelector('.search input').focus()")
    browser.keys("alert(1)")
    browser.wait("return document.querySelectorAll('.results a').length")
    assert HOSTILE in browser.js(
        "return [...document.querySelectorAll('.results a')].map(a => a.textContent)"
    )
    assert browser.js("return document.querySelectorAll('.results script, .results b').length") == 0
    browser.keys("\ue00c")
    assert browser.js("return document.querySelector('.results').hidden")
    browser.keys("no such thing")
    assert (
        browser.wait("return document.querySelector('[data-status]').textContent")
        == "Nothing found."
    )
    assert browser.complaints() == []


def test_a_table_of_rules_is_filtered_by_words(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(f"{pages['site']}/zhengzhou/rules/index.html")
    rules = load_rules()
    assert browser.settled() == len(rules)
    label = rules[3]
    assert 1 <= browser.choose("q", label) < len(rules)


def load_rules() -> list[str]:
    return [r.label.zh for r in real()[1].rules.values()]
