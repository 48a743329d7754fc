"""The dependency rule, read from the source: imports point left only, and each capability has one home."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.uncounted

PACKAGE = Path(__file__).parent.parent / "simulator"
LAYERS = ("kernel", "engine", "wallet", "providers", "surface")
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# Each capability has one home (docs/architecture.md, "Layers"): module -> where it may be imported.
HOMES = {
    "sqlite3": ("engine/store/",),
    "psycopg": ("engine/store/",),
    "aiohttp": ("engine/http_client.py", "surface/replica.py"),
    "httpx": (
        "surface/client.py",
        "surface/async_client.py",
        "surface/in_process.py",
        "surface/demo.py",
        "surface/audit/subject.py",
        "surface/audit/hosted.py",
        "surface/drift/",
    ),
    "starlette": ("surface/",),
    "uvicorn": ("surface/",),
    "secrets": (),
    "random": ("kernel/ids.py",),
    "time": ("kernel/clock.py", "surface/"),
    "requests": (),
}

# Each layer, and each provider's folder.
FOLDERS = [
    path for path in sorted(PACKAGE.glob("*")) + sorted(PACKAGE.glob("providers/*")) if (path / "__init__.py").exists()
]


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


NAMES = {name_of(path) for path in MODULES}


def modules_of(path: Path) -> set[str]:
    """The modules of ours that a module imports: of a package that is imported for a name in it, its `__init__`."""
    return {dotted if dotted in NAMES else dotted.rpartition(".")[0] for dotted in imports_of(path)} & NAMES


def layer_of(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "simulator" and len(parts) > 1 and parts[1] in LAYERS else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_left_only(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0]
    if own not in LAYERS:
        return
    for dotted in imports_of(path):
        layer = layer_of(dotted)
        if layer is not None:
            assert LAYERS.index(layer) <= LAYERS.index(own), f"{own} imports {dotted}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_providers_do_not_know_each_other(path: Path) -> None:
    parts = path.relative_to(PACKAGE).parts
    for dotted in imports_of(path):
        names = dotted.split(".")
        if names[:2] != ["simulator", "providers"] or len(names) < 3:
            continue
        is_own = parts[0] == "providers" and len(parts) > 2 and parts[1] == names[2]
        is_registry = parts[0] == "surface" and names[2] in ("built_in", "BUILT_IN")
        assert is_own or is_registry, f"{'/'.join(parts)} imports {dotted}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_no_folder_has_a_circle_of_imports(folder: Path) -> None:
    """Imports for types only, and those inside a function, count as well."""
    left = {name_of(path): modules_of(path) - {name_of(path)} for path in folder.rglob("*.py")}

    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}

    assert sorted(left) == [], "each of these imports itself by way of others, or imports one that does"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_capability_has_one_home(path: Path) -> None:
    where = path.relative_to(PACKAGE).as_posix()
    for dotted in imports_of(path):
        home = HOMES.get(dotted.split(".")[0])
        if home is not None and not _only_for_types(path, dotted):
            assert where.startswith(home) if home else False, f"{where} imports {dotted}; its home is {home}"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "kernel").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_the_kernel_is_pure(path: Path) -> None:
    """Only the standard library and itself, and nothing of it that reads or writes."""
    import sys

    for dotted in imports_of(path):
        top = dotted.split(".")[0]
        assert top == "simulator" or top in sys.stdlib_module_names, f"{path.name} imports {dotted}"
        assert top not in {"socket", "sqlite3", "pathlib", "subprocess", "asyncio", "logging"}, dotted


def test_the_engine_names_its_rooms_in_the_order_of_their_imports() -> None:
    """`engine/__init__.py` lists every module with its duty; each imports only what stands above it or in its own row."""
    text = (PACKAGE / "engine" / "__init__.py").read_text("utf-8")
    rows = [line.split("|")[1].replace("`", "").split() for line in text.splitlines() if line.startswith("| `")]
    place = {f"simulator.engine.{room}": number for number, row in enumerate(rows) for room in row}
    rooms = {path: ".".join(name_of(path).split(".")[:3]) for path in (PACKAGE / "engine").rglob("*.py")}
    rooms.pop(PACKAGE / "engine" / "__init__.py")

    assert set(place) == set(rooms.values())
    for path, room in rooms.items():
        for other in {".".join(name.split(".")[:3]) for name in modules_of(path)} & place.keys():
            assert place[other] <= place[room], f"{name_of(path)} imports {other}"


def test_a_module_of_more_than_500_lines_says_why_in_its_first_sentence() -> None:
    """Either that it is one file because it is one thing, or as long as what it was made from."""
    found = []
    for path in sorted([*MODULES, *(PACKAGE.parent / "tests").rglob("*.py")]):
        text = path.read_text("utf-8")
        if text.count("\n") > 500:
            first, _, _ = " ".join((ast.get_docstring(ast.parse(text)) or "").split()).partition(". ")
            if not re.search(r"\bin one (?:long )?(?:file|module)\b|\bas long as\b", first):
                found.append(path.relative_to(PACKAGE.parent).as_posix())

    assert found == []


def test_the_time_of_day_is_read_in_one_place() -> None:
    """`datetime.now`, `utcnow`, `today` and `time.time` stand in kernel/clock.py and nowhere else."""
    for path in MODULES:
        where = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = ast.unparse(node.func)
            if called in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"):
                assert where == "kernel/clock.py", f"{where}:{node.lineno} calls {called}"


def test_the_environment_is_read_in_one_place() -> None:
    for path in MODULES:
        where = path.relative_to(PACKAGE).as_posix()
        text = path.read_text("utf-8")
        if "os.environ" in text or "os.getenv" in text:
            assert where == "surface/settings.py", where


def test_providers_read_settings_and_endpoints_through_the_engine() -> None:
    """Settings by their model, the account's endpoint as an `AccountEndpoint`: never what is stored."""
    for path in MODULES:
        where = path.relative_to(PACKAGE).as_posix()
        if not where.startswith(("providers/", "wallet/")):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in ("stored_endpoints", "settings")
                and "workspace" in (ast.unparse(node.value).rpartition(".")[2])
            ):
                raise AssertionError(f"{where}:{node.lineno} reads {ast.unparse(node)}")


def test_no_module_outside_a_providers_folder_names_it_in_a_branch() -> None:
    """A branch on a provider's name is a design error."""
    from simulator.providers import BUILT_IN

    for path in MODULES:
        parts = path.relative_to(PACKAGE).parts
        if parts[0] == "providers":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare):
                names = {leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)}
                assert not names & set(BUILT_IN), f"{'/'.join(parts)}:{node.lineno} branches on a provider's name"


def _only_for_types(path: Path, dotted: str) -> bool:
    """Whether the import stands under `if TYPE_CHECKING:`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import) and dotted in [alias.name for alias in inner.names]:
                    return True
                if isinstance(inner, ast.ImportFrom) and dotted.startswith(f"{inner.module}."):
                    return True
    return False


# Who may be named ----------------------------------------------------------------------------------------------

ROOT = PACKAGE.parent
ALL_OF_THEM = re.compile(
    r"\b(?:all|any|the|these|of|at|between) five\b(?! members)|\bfive (?:payment|providers|APIs|PSPs|stories|demos)\b"
    r"|\bsixth provider\b",
    re.IGNORECASE,
)


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the project that is not a provider's own, by its path."""
    from simulator.surface import naming

    return ((where, text) for where, text in naming.texts(ROOT) if not where.startswith(naming.MAY_NAME_ALL))


def test_nobody_outside_a_providers_folders_names_it() -> None:
    """Lists come from the registry. What bears a provider's name in its path (its folder, its tests, its pages, its
    scenarios) speaks of that provider, and of no other."""
    from simulator.providers import built_in
    from simulator.surface import naming

    found = [f"{where} names {p.name}" for p in built_in() for where in naming.named(ROOT, p.name, p.title)]

    assert found == []


def test_how_a_payment_is_made_is_said_once() -> None:
    """Where a provider's payments are made, only its shop, its documents and its own tests say. A path of one segment is
    anybody's (`/payments` is ours too)."""
    from simulator.engine.shop import Account
    from simulator.kernel.clock import EPOCH
    from simulator.kernel.ids import Ids
    from simulator.providers import built_in

    paths = {}
    for provider in built_in():
        assert provider.shop is not None
        own = Account(provider.credentials(Ids(), True), "", EPOCH)
        path = provider.shop.create(own, provider.shop.sample).path
        if path.count("/") > 1:
            paths[path] = provider.name

    found = [
        f"{where}: {path}"
        for where, text in texts()
        for path, name in paths.items()
        if name not in where and path in text
    ]

    assert len(paths) > 1
    assert found == []


def test_nobody_counts_the_providers() -> None:
    found = [
        f"{where}: {match.group()}"
        for where, text in texts()
        if where != "tests/test_architecture.py"
        for match in ALL_OF_THEM.finditer(text)
    ]

    assert found == []
