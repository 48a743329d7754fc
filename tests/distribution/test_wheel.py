"""What an integrator installs: the wheel holds everything that the program reads, and runs from anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from simulator import __version__
from simulator.providers import BUILT_IN

ROOT = Path(__file__).parent.parent.parent
PROBE = """
import json, simulator
from simulator.engine import pages
from simulator.surface.app import App
from simulator.surface.settings import Settings
app = App(Settings(db=":memory:"))
print(json.dumps({
    "package": simulator.__file__,
    "templates": len(list(pages.folder("templates").rglob("*.html"))),
    "named": sorted(app.runtime.scenarios.known.named),
    "documented": sorted(app.runtime.scenarios.known.documented),
    "providers": list(app.runtime.providers),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    [found] = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel, as a site-packages folder of its own."""
    site = tmp_path_factory.mktemp("site")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def files_of(folder: str, *suffixes: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in suffixes)
    return {path.relative_to(ROOT / folder).as_posix() for path in found}


@pytest.mark.slow
def test_the_wheel_holds_every_file_that_the_program_reads(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())

    package = {f"simulator/{name}" for name in files_of("simulator", ".py", ".json", ".css", ".js", ".svg", ".md")}
    beside = {f"simulator/templates/{name}" for name in files_of("templates", ".html")}
    beside |= {f"simulator/scenarios/{name}" for name in files_of("scenarios", ".yaml")}
    assert (package | beside | {"simulator/py.typed"}) - names == set()
    assert [name for name in names if name.startswith(("tests", "docs", "benchmarks")) or "__pycache__" in name] == []


@pytest.mark.slow
def test_the_installed_package_finds_its_templates_and_scenarios_without_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    environ = {**os.environ, "PYTHONPATH": str(installed)}

    ran = subprocess.run([sys.executable, "-c", PROBE], cwd=tmp_path, env=environ, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert Path(found["package"]).parent == installed / "simulator"
    assert found["templates"] == len(files_of("templates", ".html"))
    assert set(found["named"]) | set(found["documented"]) == {
        name.removesuffix(".yaml") for name in files_of("scenarios", ".yaml")
    }
    assert found["providers"] == list(BUILT_IN)


@pytest.mark.slow
def test_the_wheel_brings_the_command_and_the_pytest_plugin(installed: Path) -> None:
    [metadata] = installed.glob("*.dist-info")

    entry_points = (metadata / "entry_points.txt").read_text()

    assert "psp-simulator = simulator.surface.cli:main" in entry_points
    assert "psp_simulator = simulator.surface.pytest_plugin" in entry_points


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == __version__


def test_every_library_that_the_package_imports_is_a_dependency() -> None:
    """And every dependency is imported by the package, but for those that uvicorn and zoneinfo load by name."""
    import ast

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(n for extra in ("postgres", "tls", "mcp") for n in project["optional-dependencies"][extra]),
    ]
    names = {name.split(">")[0].split("[")[0].split(";")[0].lower() for name in wanted}
    imported = set()
    for path in (ROOT / "simulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    spelled = {
        "typing_extensions": "typing-extensions",
        "yaml": "pyyaml",
        "pydantic_core": "pydantic",
        "PIL": "pillow",
        "pytest": None,
        "simulator": None,
    }
    outside = {spelled.get(name, name) for name in imported - sys.stdlib_module_names} - {None}

    assert outside - names == set()
    assert names - outside == {"httptools", "tzdata", "uvloop"}
