"""The pytest plugin: collects the cases and the properties beside a ``pack.yaml``.

``cases.yaml`` and ``cases/*.yaml`` give one test a case, ``properties.yaml`` and ``properties/*.yaml`` one a
property. With ``--policy-rules-save DIR`` a record that refutes a property, or fails a test of your own that
draws records by the strategies of :mod:`policy_rules.testing`, is written there as a case to be argued.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from policy_rules.errors import PolicyRulesError

if TYPE_CHECKING:
    from policy_rules.packs.model import Pack
    from policy_rules.testing.cases import Case, Runner
    from policy_rules.testing.properties import Property
    from policy_rules.testing.target_cases import TargetCase, TargetRunner
    from policy_rules.testing.trying import Trial

SAVE: Final = "--policy-rules-save"
SAMPLES: Final = "policy_rules_samples"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where counterexamples go, and how many records each property is tried on."""
    group = parser.getgroup("policy-rules")
    group.addoption(
        SAVE,
        metavar="DIR",
        help="write records that refute a property, or fail a test, there as cases to be argued",
    )
    parser.addini(
        SAMPLES,
        "how many records put each declared property to the test; 0 collects none (default: 100)",
        default="100",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A wrong setting is told before anything runs."""
    _samples(config)


def pack_folder(path: Path, stem: str = "cases") -> Path | None:
    """The pack a file of cases (or of properties) belongs to, or None where it is no such file."""
    folder = path.parent if path.name == f"{stem}.yaml" else path.parent.parent
    in_folder = path.suffix == ".yaml" and path.parent.name == stem
    if (path.name == f"{stem}.yaml" or in_folder) and (folder / "pack.yaml").is_file():
        return folder
    return None


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Collect the cases and properties of a pack."""
    if pack_folder(file_path) is not None:
        return CasesFile.from_parent(parent, path=file_path)
    if pack_folder(file_path, "properties") is not None and _samples(parent.config):
        return PropertiesFile.from_parent(parent, path=file_path)
    return None


def _samples(config: pytest.Config) -> int:
    text = str(config.getini(SAMPLES))
    if not text.isdecimal():
        raise pytest.UsageError(f"{SAMPLES} is a number, 0 or more: {text}")
    return int(text)


_runners: dict[Path, tuple[Pack, Runner]] = {}
_trials: dict[Path, Trial] = {}


def _runner(folder: Path) -> tuple[Pack, Runner]:
    from policy_rules.facts.dictionary import load_vocabulary
    from policy_rules.packs.loader import load_folder
    from policy_rules.testing.cases import Runner

    if folder not in _runners:
        own = (p for p in folder.parents if (p / "vocabulary" / "facts.yaml").is_file())
        pack = load_folder(folder, vocabulary=load_vocabulary(next(own, None)))
        _runners[folder] = (pack, Runner(pack))
    return _runners[folder]


def _trial(folder: Path) -> Trial:
    from policy_rules.testing.cases import load_cases
    from policy_rules.testing.trying import Trial

    if folder not in _trials:
        pack, _ = _runner(folder)
        _trials[folder] = Trial(pack, load_cases(pack), seed=0)
    return _trials[folder]


class CasesFile(pytest.File):
    """A file of worked cases."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a case."""
        from policy_rules.testing.cases import read_cases
        from policy_rules.testing.target_cases import TargetRunner, read_target_cases
        from policy_rules.yamldoc import read_yaml

        folder = pack_folder(self.path)
        assert folder is not None
        try:
            pack, runner = _runner(folder)
            document = read_yaml(self.path)
            cases = read_cases(document, pack)
            of_targets = read_target_cases(document, pack)
        except PolicyRulesError as error:
            # what is wrong with the pack, without the library's own frames
            raise self.CollectError(error.render("en")) from error
        for case in cases:
            yield CaseItem.from_parent(self, name=case.id, case=case, runner=runner)
        meters = TargetRunner(pack)
        for target_case in of_targets:
            yield CaseItem.from_parent(self, name=target_case.id, case=target_case, runner=meters)


class PropertiesFile(pytest.File):
    """A file of declared properties."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a property."""
        from policy_rules.testing.properties import read_properties
        from policy_rules.yamldoc import read_yaml

        folder = pack_folder(self.path, "properties")
        assert folder is not None
        try:
            pack, _ = _runner(folder)
            properties = read_properties(read_yaml(self.path), pack)
            trial = _trial(folder)
        except PolicyRulesError as error:
            raise self.CollectError(error.render("en")) from error
        for wanted in properties:
            yield PropertyItem.from_parent(self, name=wanted.id, wanted=wanted, trial=trial)


class _Item(pytest.Item):
    """What is told in problems, without a traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The problems."""
        if isinstance(excinfo.value, CaseFailed):
            return excinfo.value.render("en")
        return super().repr_failure(excinfo, style)


class CaseItem(_Item):
    """One worked case."""

    def __init__(
        self, *, case: Case | TargetCase, runner: Runner | TargetRunner, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.runner = runner

    def runtest(self) -> None:
        """Run it; every finding that differs is told."""
        failures = self.runner.run(self.case)  # type: ignore[arg-type]
        if failures:
            raise CaseFailed(failures)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the case stands."""
        line = self.case.place.line
        return self.path, None if line is None else line - 1, self.name


class PropertyItem(_Item):
    """One declared property, tried on records near the pack's cases."""

    def __init__(self, *, wanted: Property, trial: Trial, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wanted = wanted
        self.trial = trial

    def runtest(self) -> None:
        """Try it; a record that refutes it is told, and saved where that was asked for."""
        from policy_rules.testing.counterexamples import try_property

        _, problem, found = try_property(self.trial, self.wanted, _samples(self.config))
        if problem is not None:
            if found is not None:
                _save(self, self.trial.pack, found.as_case())
            raise CaseFailed(problem)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the property stands."""
        line = self.wanted.place.line
        return self.path, None if line is None else line - 1, self.name


class CaseFailed(PolicyRulesError):
    """A worked case, or a property, does not hold."""


# -- saving ----------------------------------------------------------------------------------------


def _save(item: pytest.Item, pack: Pack, case: Mapping[str, Any]) -> None:
    folder = item.config.getoption(SAVE)
    if folder:
        from policy_rules.testing.counterexamples import write_unargued

        for path in write_unargued(Path(folder), pack, [case]):
            item.add_report_section("call", "policy-rules", f"saved, to be argued: {path}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Save the last record that a failing Hypothesis test drew: Hypothesis ends with the smallest."""
    if not item.config.getoption(SAVE) or isinstance(item, _Item):
        return (yield)
    from policy_rules.testing import drawn

    drawn.last = None
    try:
        return (yield)
    except Exception:
        if drawn.last is not None:
            _save(item, drawn.last.pack, drawn.last.as_case(item.name))
        raise


__all__ = ["CaseFailed", "CaseItem", "CasesFile", "PropertyItem", "pack_folder"]
