"""docs/testing.md: every sample of it is a suite of its own, and passes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from buying import ANY

from simulator.surface.client import Client
from simulator.surface.launch import Launched

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/testing.md").read_text("utf-8")
SAMPLES = dict(re.findall(r"^```python\n# (test_\w+\.py)\n(.*?)^```$", PAGE, re.M | re.S))
YAML = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture(scope="session")
def captured(server: Launched) -> str:
    """What stands on the page as `charge.captured`: the last event of a payment that is paid."""
    with Client(server.url) as client:
        world = client.create_workspace(temporary=True)
        payment = world.make_payment(ANY.name)
        world.pay(ANY.name, payment["id"])
        world.settle()
        return world.latest_delivery()["event"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_passes(name: str, tmp_path: Path, server: Launched, captured: str) -> None:
    sample = SAMPLES[name].replace('"acme"', f'"{ANY.name}"').replace('"charge.captured"', f'"{captured}"')
    (tmp_path / name).write_text(sample, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    ran = run(tmp_path, "--psp-simulator-url", server.url)

    assert ran.returncode == 0, ran.stdout
    assert f"{SAMPLES[name].count('def test_')} passed" in ran.stdout


@pytest.mark.slow
def test_samples_pass_in_parallel(tmp_path: Path, server: Launched, captured: str) -> None:
    """Workers share a simulator, and each test has a world of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in ("test_first.py", "test_waiting.py", "test_time.py"):
        sample = SAMPLES[name].replace('"acme"', f'"{ANY.name}"').replace('"charge.captured"', f'"{captured}"')
        (tmp_path / name).write_text(sample, "utf-8")

    ran = run(tmp_path, "-n", "2", "--psp-simulator-url", server.url, xdist="xdist.plugin")

    assert ran.returncode == 0, ran.stdout
    assert "6 passed" in ran.stdout


def run(folder: Path, *options: str, xdist: str = "no:xdist") -> subprocess.CompletedProcess[str]:
    plugins = ["-p", "simulator.surface.pytest_plugin", "-p", "no:randomly", "-p", xdist, "-p", "no:cacheprovider"]
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", *plugins, *options]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120)


def test_every_block_of_the_page_is_run_or_read() -> None:
    kinds = re.findall(r"^```(\w+)\n", PAGE, re.M)

    assert set(kinds) == {"python", "yaml", "js", "java", "go", "csharp"}
    assert kinds.count("python") == len(SAMPLES) > 4
    assert kinds.count("yaml") == len(YAML)


def test_its_contents_lead_to_its_headings() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^## (.*)$", PAGE, re.M)
    }

    linked = re.findall(r"\]\(#([\w-]+)\)", PAGE)

    assert set(linked) == headings
    assert len(linked) == len(headings)


def test_its_ten_mistakes_are_those_that_the_example_plays_each_in_a_scenario_that_there_is() -> None:
    """`examples/shop/test_mistakes.py` plays each against a shop that makes it, and against one that does not."""
    table = PAGE.partition("## Ten mistakes that cost money")[2].partition("\n## ")[0]
    played = re.findall(r'^    Mistake\("([\w-]+)", ', (ROOT / "examples/shop/mistakes.py").read_text("utf-8"), re.M)

    named = re.findall(r"^\| \d+ \|.*\| `([\w-]+)` \|$", table, re.M)

    assert named == played
    assert len(named) == 10
    assert all((ROOT / "scenarios" / f"{name}.yaml").exists() for name in named)


# Beyond Python ----------------------------------------------------------------------------------------------------------


def block(kind: str) -> str:
    [found] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.M | re.S)
    return str(found)


@pytest.mark.parametrize("text", YAML, ids=lambda text: text.split(":")[0].removeprefix("# ").strip())
def test_a_file_for_ci_names_the_image_and_what_the_simulator_and_its_clients_read(text: str) -> None:
    """The variables are those that the command and the fixtures know; the token is the same on both sides."""
    document = yaml.safe_load(text)

    assert isinstance(document, dict)
    if "psp-simulator" in text:
        assert "registry.example/psp-simulator" in text
        assert len(set(re.findall(r"PSP_SIMULATOR_ADMIN_TOKEN: ([\w-]+)", text))) == 1
        assert re.search(r'PSP_SIMULATOR_URL: "?http://(localhost|psp-simulator):8080', text)
    else:
        assert "pytest -n auto" in text


def test_compose_waits_for_the_health_check_that_the_image_has() -> None:
    assert any("condition: service_healthy" in text for text in YAML)
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        ("java", "Wait.forHealthcheck()"),
        ("js", "Wait.forHealthCheck()"),
        ("go", "wait.ForHealthCheck()"),
        ("csharp", "UntilContainerIsHealthy()"),
    ],
)
def test_a_container_of_a_test_waits_for_the_health_check_too(kind: str, waits: str) -> None:
    assert waits in block(kind)
    assert "8080" in block(kind) and "registry.example/psp-simulator" in block(kind)


PARSED = {
    "js": ("sample.mjs", ["node", "--check"]),
    "java": ("SimulatorTest.java", ["java", "Parse.java"]),
    "go": ("simulator_test.go", ["gofmt", "-e", "-l"]),
}
"""By kind, the file's name and what reads it. C# is read by nobody here: its compiler comes with a build of a project only."""
PARSE = """
import java.nio.file.Path;
import java.util.List;
import javax.tools.*;
import com.sun.source.util.JavacTask;

class Parse {
    public static void main(String[] names) throws Exception {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var found = new DiagnosticCollector<JavaFileObject>();
        var files = compiler.getStandardFileManager(null, null, null).getJavaFileObjects(Path.of(names[0]));
        ((JavacTask) compiler.getTask(null, null, found, List.of(), null, files)).parse();
        found.getDiagnostics().forEach(System.err::println);
        System.exit(found.getDiagnostics().isEmpty() ? 0 : 1);
    }
}
"""


@pytest.mark.parametrize("kind", PARSED)
def test_a_sample_in_another_language_is_parsed(kind: str, tmp_path: Path) -> None:
    name, command = PARSED[kind]
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    (tmp_path / name).write_text(block(kind), "utf-8")
    (tmp_path / "Parse.java").write_text(PARSE, "utf-8")

    ran = subprocess.run([*command, name], cwd=tmp_path, capture_output=True, text=True, timeout=120)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
