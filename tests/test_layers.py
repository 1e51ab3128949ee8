"""Imports run one way, nothing goes in a circle, the façade stays small, no file grows too long."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import policy_rules
from policy_rules.cli.app import COMMANDS

ROOT = Path(policy_rules.__file__).parent
LAYERS = (
    (
        "errors",
        "_messages",
        "_messages_tables",
        "_messages_versions",
        "_phrases",
        "_version",
        "text",
        "verdict",
        "yamldoc",
        "schema",
        "paths",
        "writing",
    ),
    ("expr",),
    ("facts",),
    ("packs",),
    ("engine",),
    ("tables", "sources"),
    ("analysis",),
    ("diff", "testing"),
    ("render",),
    ("cli",),
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
FILES = {
    ".".join(("policy_rules", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(ROOT.rglob("*.py"))
    if "_rules" not in path.relative_to(ROOT).parts
}


def imported(path: Path, *, within_functions: bool) -> set[str]:
    """Modules of the library a file imports, type checking apart."""
    tree = ast.parse(path.read_text("utf-8"))
    if not within_functions:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in FILES else node.module)
    return {name for name in found if name in FILES}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("module", [m for m in FILES if room(m)])
def test_a_module_imports_its_own_layer_and_those_below(module: str) -> None:
    """A façade (`policy_rules`) imports everything and is imported by nothing but doc examples."""
    assert room(module) in RANK, f"{module} stands in no layer; add it to LAYERS"
    for other in imported(FILES[module], within_functions=True):
        assert room(other), f"{module} imports the façade"
        assert RANK[room(other)] <= RANK[room(module)], f"{module} imports {other}"
        same = RANK[room(other)] == RANK[room(module)] and room(other) != room(module)
        assert not same or RANK[room(module)] == 0, f"{module} and {other} stand side by side"


def test_no_import_goes_in_a_circle() -> None:
    graph = {m: imported(path, within_functions=False) - {m} for m, path in FILES.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail[trail.index(module) :], module])
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_the_facade_is_small_and_sorted_and_names_no_sub_package() -> None:
    names = [n for n in policy_rules.__all__ if not n.startswith("__")]
    assert len(names) <= 20
    assert names == sorted(names)
    packages = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert not packages & set(names)
    assert all(getattr(policy_rules, name) is not None for name in names)


@pytest.mark.parametrize("module", FILES)
def test_no_file_is_longer_than_400_lines(module: str) -> None:
    assert len(FILES[module].read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", FILES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse(FILES[module].read_text("utf-8"))), module


#: What only extras install, by the name it is imported under.
EXTRAS = (
    "docx", "duckdb", "hypothesis", "jinja2", "matplotlib", "numpy", "openpyxl", "polars", "pyarrow", "pyspark",
    "pytest", "python_calamine", "selenium", "sqlglot", "xlsxwriter", "z3",
)  # fmt: skip


@pytest.mark.no_cover
def test_the_core_needs_no_extra() -> None:
    """The façade and the command line are imported where no extra is installed, and say which one they need."""
    barred = f"import sys\nsys.modules.update(dict.fromkeys({EXTRAS}))\n"
    asked = (
        "import policy_rules\n"
        "all(getattr(policy_rules, name) for name in policy_rules.__all__)\n"
        "from policy_rules.cli.app import main\n"
        "sys.argv = ['policy-rules', *sys.argv[1:]]\n"
        "main()\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", barred + asked, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    packs = run("packs", "--format", "json")
    assert packs.returncode == 0, packs.stderr
    population = str(ROOT.parent / "examples" / "returning-family.yaml")
    for needs, arguments in {
        "tables": ["batch", population, "-o", "none.parquet", "--pack", "guangxi"],
        "reports": ["site", "-o", "none"],
        "analysis": ["analyse", "yunnan/mengyong"],
    }.items():
        refused = run(*arguments, "--lang", "en")
        assert refused.returncode == 2, refused.stderr
        assert "extra_missing" in refused.stderr, refused.stderr
        assert f"policy-rules[{needs}]" in refused.stderr


def test_a_command_imports_what_it_needs() -> None:
    """A command named first does not wait for the rooms of the others; what is no command is told as ever."""
    asked = (
        "import sys\n"
        "from policy_rules.cli.app import main\n"
        "sys.argv = ['policy-rules', *sys.argv[1:]]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*(m for m in sys.modules if m.startswith('policy_rules.')), file=sys.stderr)\n"
    )

    def run(*arguments: str) -> tuple[str, set[str]]:
        command = [sys.executable, "-c", asked, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        *told, modules = done.stderr.strip().splitlines()
        return done.stdout + "\n".join(told), set(modules.split())

    helped, modules = run("evaluate", "--help")
    assert "--as-of" in helped
    assert "policy_rules.engine.engine" in modules
    for room in ("analysis", "diff.meaning", "render.html", "render.site", "testing.mutation"):
        assert not {m for m in modules if m.startswith(f"policy_rules.{room}")}, room
    whole, _ = run("--help")
    assert all(f" {name} " in whole for name in COMMANDS)
    slip, _ = run("evalute")
    assert "'evaluate'" in slip
