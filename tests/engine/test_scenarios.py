"""Scenario files: what is refused, and where the refusal points."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.engine.pages import folder
from simulator.engine.scenarios import ScenarioError, load_folder


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    return tmp_path


def test_the_scenarios_that_ship_are_sound() -> None:
    found = load_folder(folder("scenarios"))

    assert "slow-wallet" in found
    assert all(scenario.description for scenario in found.values())


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"mine\.yaml:2"):
        load_folder(written(tmp_path, "name: mine\nrules: [}\n"))


def test_an_unknown_member_is_named_with_its_line(tmp_path: Path) -> None:
    text = "name: mine\nrules:\n  - when: {amount: 1}\n    wallet:\n      declien: balance\n"

    with pytest.raises(ScenarioError, match=r"mine\.yaml:5: rules\.0\.wallet\.declien: "):
        load_folder(written(tmp_path, text))


def test_two_files_cannot_have_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: same\nrules: [{wallet: {decline: balance}}]\n", "utf-8")

    with pytest.raises(ScenarioError, match="another file already has"):
        load_folder(tmp_path)
