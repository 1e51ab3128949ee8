"""The pytest plugin: collects ``cases.yaml`` (and ``cases/*.yaml``) beside a ``pack.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policy_rules.errors import PolicyRulesError

if TYPE_CHECKING:
    from policy_rules.packs.model import Pack
    from policy_rules.testing.cases import Case, Runner
    from policy_rules.testing.target_cases import TargetCase, TargetRunner


def pack_folder(path: Path) -> Path | None:
    """The pack a cases file belongs to, or None where it is no cases file."""
    folder = path.parent if path.name == "cases.yaml" else path.parent.parent
    in_folder = path.suffix == ".yaml" and path.parent.name == "cases"
    if (path.name == "cases.yaml" or in_folder) and (folder / "pack.yaml").is_file():
        return folder
    return None


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Collect the cases of a pack."""
    if pack_folder(file_path) is None:
        return None
    return CasesFile.from_parent(parent, path=file_path)


_runners: dict[Path, tuple[Pack, Runner]] = {}


def _runner(folder: Path) -> tuple[Pack, Runner]:
    from policy_rules.packs.loader import load_folder
    from policy_rules.testing.cases import Runner

    if folder not in _runners:
        pack = load_folder(folder)
        _runners[folder] = (pack, Runner(pack))
    return _runners[folder]


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


class CaseItem(pytest.Item):
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

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The differences, without a traceback."""
        if isinstance(excinfo.value, CaseFailed):
            return excinfo.value.render("en")
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the case stands."""
        line = self.case.place.line
        return self.path, None if line is None else line - 1, self.name


class CaseFailed(PolicyRulesError):
    """A worked case does not hold."""
