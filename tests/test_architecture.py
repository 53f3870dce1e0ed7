"""The rules that hold for every file: who may import whom, and what no file may hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
FLOORS = {
    "corpus": set[str](),
    "index": {"corpus"},
    "rag": {"corpus", "index"},
    "eval": {"corpus", "index", "rag"},
    "page": {"corpus", "index", "rag"},
    "app": {"corpus", "index", "rag", "page"},
}
# The command line starts the page and the evaluation; nothing else of `rag` may know them.
UPWARDS = {"rag/cli.py": {"app", "page", "eval"}}
HEAVY = {
    "torch", "transformers", "sentence_transformers", "faiss", "gradio", "trafilatura",
    "feedparser", "docx", "lxml", "sqlalchemy", "alembic", "psycopg",
}  # fmt: skip
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "torch.load"}
UNSAFE_WHEN_ON = {"shell", "trust_remote_code", "allow_pickle"}
PACKAGES = sorted(p.parent.name for p in ROOT.glob("*/__init__.py"))
SOURCES = [ROOT / "app.py", *sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """The top-level names of all that a file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} line {node.lineno}: relative imports hide the floor"
            yield str(node.module).split(".")[0]


def test_every_floor_is_known_here() -> None:
    assert set(PACKAGES) <= set(FLOORS)


def test_every_package_is_listed_for_the_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["setuptools"]
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in SOURCES if p.stem == "__init__"}
    found -= {"eval.peers", "eval.teaching"}  # run from a checkout only
    assert {*listed["packages"], *listed["py-modules"]} == {*found, "app"}


def test_imports_go_one_way() -> None:
    wrong = []
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        floor = name.split("/")[0].removesuffix(".py")
        allowed = {floor} | FLOORS[floor] | UPWARDS.get(name, set())
        wrong += [
            f"{name}: {other}" for other in imported(path) if other in FLOORS.keys() - allowed
        ]
    assert not wrong


def modules_imported(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of this project that a file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from {name if name in known else str(node.module) for name in names} & known


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Nor do folders: each stands above all that it imports."""
    files = {module_name(path): path for path in SOURCES}
    modules = {name: set(modules_imported(path, set(files))) for name, path in files.items()}
    folders: dict[str, set[str]] = {}
    for name, others in modules.items():
        folder = room(name)
        folders.setdefault(folder, set()).update(room(other) for other in others)
        folders[folder].discard(folder)
    for graph in (modules, folders):
        TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def room(module: str) -> str:
    """A folder inside `rag` as one; every other module by itself."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "rag" else module


def test_importing_loads_nothing_heavy() -> None:
    """In a process of its own; a library that none of these loads is loaded by none alone."""
    modules = [
        *PACKAGES,
        "corpus.gather",
        "corpus.read",
        "index.search",
        "index.build",
        "rag.cli",
        "rag.load",
    ]
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not HEAVY.intersection(done.stdout.split())


def test_no_pickle_no_eval_no_shell() -> None:
    found = [
        f"{path.relative_to(ROOT)} line {line}: {what}"
        for path in SOURCES
        for line, what in unsafe(tree(path))
    ]
    assert not found


def unsafe(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {str(getattr(node, "module", ""))}
            yield from ((node.lineno, name) for name in names & UNSAFE_MODULES)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in UNSAFE_CALLS:
                yield node.lineno, f"{name}()"
            for keyword in node.keywords:
                off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                if keyword.arg in UNSAFE_WHEN_ON and not off:
                    yield node.lineno, f"{keyword.arg}="


def test_no_file_is_too_long_to_read() -> None:
    lengths = {p.relative_to(ROOT): len(p.read_text("utf-8").splitlines()) for p in SOURCES}
    assert not {path: length for path, length in lengths.items() if length > 500}


def test_every_file_says_what_it_is_for() -> None:
    assert not [path for path in SOURCES if not ast.get_docstring(tree(path))]


def test_no_error_is_swallowed() -> None:
    """An `except` whose whole body is `pass` hides what went wrong."""
    silent = [
        f"{path.relative_to(ROOT)} line {node.lineno}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(statement, ast.Pass) for statement in node.body)
    ]
    assert not silent
