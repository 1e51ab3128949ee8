"""Templates and assets: jinja2 with everything escaped, one style sheet and one script.

Needs ``jinja2`` (extra ``reports``).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules._version import __version__
from policy_rules.errors import EvaluationError, Lang, Place, Problem
from policy_rules.render.html.typography import chinese
from policy_rules.render.html.words import words

if TYPE_CHECKING:
    import jinja2

HERE: Final = Path(__file__).parent
#: What a page of the explorer may load: its own style sheet and scripts, from a file or from its server.
SITE_POLICY: Final = (
    "default-src 'none'; style-src 'self' file:; script-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)


def missing_extra(package: str) -> EvaluationError:
    """The error where a package of the extra ``reports`` is absent."""
    return EvaluationError(
        Problem(
            "extra_missing",
            Place(),
            expected='`pip install ".[reports]"` / `pip install "policy-rules[reports]"`',
            got=f"`{package}`",
        )
    )


@cache
def environment(lang: Lang) -> jinja2.Environment:
    """The templates; raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``)."""
    try:
        import jinja2
    except ImportError as error:
        raise missing_extra("jinja2") from error
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=chinese if lang == "zh" else None,
    )


@cache
def asset(name: str) -> str:
    """The style sheet ``page.css`` or the script ``page.js``."""
    return (HERE / "assets" / name).read_text("utf-8")


def rendered(template: str, lang: Lang, **values: Any) -> str:
    """A page made from a template, with the words of the interface in one language."""
    page = environment(lang).get_template(template)
    return page.render(
        lang=lang, html_lang="zh-Hans" if lang == "zh" else "en", w=words(lang), version=__version__, **values
    ).strip() + "\n"  # fmt: skip


def alone(template: str, lang: Lang, **values: Any) -> str:
    """A page that holds its style and script itself and may load nothing at all."""
    style, script = asset("page.css"), asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hashed(style)}'; script-src '{_hashed(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return rendered(template, lang, policy=policy, style=_inline(style), script=_inline(script), **values)  # fmt: skip


def _hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _inline(text: str) -> Any:
    """An asset of our own as it is; it holds nothing that would end its element."""
    import markupsafe

    if "</" in text:
        raise ValueError("an asset must not hold `</`")
    return markupsafe.Markup(text)
