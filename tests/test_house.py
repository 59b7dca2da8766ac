"""What keeps the house in order: no circles, no giant modules, Textual's internals in one place, a light --help."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("store", "engine", "tui")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
INTERNALS = ROOT / "tui" / "terminal" / "textual_internals.py"


def name_of(path: Path) -> str:
    parts = ("neuron_tui", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imported(path: Path) -> Iterator[str]:
    """Modules of ours that a module imports, inside functions too; imports for types alone are none."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in NAMES else node.module


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle of a graph, empty if it has none."""
    state: dict[str, int] = {}

    def visit(node: str, way: list[str]) -> list[str]:
        state[node] = 1
        for other in sorted(graph.get(node, ())):
            if state.get(other) == 1:
                return [*way[way.index(other) :], other]
            if other not in state and (found := visit(other, [*way, other])):
                return found
        state[node] = 2
        return []

    return next((found for node in sorted(graph) if node not in state and (found := visit(node, [node]))), [])


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b"}, "b": set()}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle({name_of(path): set(imported(path)) & NAMES - {name_of(path)} for path in MODULES}) == []


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 350} == {}


def private_names() -> set[str]:
    """Private attributes that the classes of Textual and rich have and ours do not define themselves."""
    import rich.console
    import rich.style
    import textual.app
    import textual.screen
    import textual.widgets

    theirs = (textual.app.App, textual.screen.Screen, textual.widgets.Input, rich.console.Console, rich.style.Style)
    return {name for owner in theirs for name in dir(owner) if name.startswith("_") and not name.startswith("__")}


@pytest.mark.parametrize("path", [path for path in MODULES if path.is_relative_to(ROOT / "tui")], ids=name_of)
def test_only_one_module_uses_the_internals_of_textual_and_rich(path: Path) -> None:
    if path == INTERNALS:
        return
    tree, private = ast.parse(path.read_text("utf-8")), private_names()
    imports = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("textual", "rich")
        for alias in node.names
        if alias.name.startswith("_") or "._" in (node.module or "")
    ]
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    own = {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    uses = {node.attr for node in attributes} & private - own
    assert (imports, sorted(uses)) == ([], [])


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nsys.argv = ['neuron-tui', '--help']\n"
        "from neuron_tui.tui.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'textual', 'h5py', 'numpy', 'transformers', 'pydantic', 'pyarrow', 'zstandard'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
