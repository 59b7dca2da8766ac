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


CHANGING = {
    "os": {
        *("replace", "rename", "renames", "unlink", "remove", "mkdir", "makedirs", "rmdir", "removedirs", "fsync"),
        *("fdatasync", "truncate", "ftruncate", "write", "pwrite", "writev", "pwritev", "posix_fallocate", "chmod"),
        *("fchmod", "link", "symlink", "utime", "mkfifo", "sendfile", "copy_file_range", "sync"),
    },
    "shutil": {"rmtree", "copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "chown", "unpack_archive"},
    "tempfile": {
        *("mkdtemp", "mkstemp", "TemporaryFile", "NamedTemporaryFile", "TemporaryDirectory", "SpooledTemporaryFile")
    },
    "np": {"save", "savez", "savez_compressed", "savetxt", "memmap"},
}
"""Functions of modules that change a disk."""

METHODS = {
    *("unlink", "mkdir", "rmdir", "write_text", "write_bytes", "touch", "hardlink_to", "symlink_to", "chmod"),
    *("tofile", "save_pretrained", "save_file", "rename", "replace"),
}
"""Methods that change one; the last two with one argument, as those of a path have."""

ELSEWHERE = {
    ("tui/jobs/engine_answer.py", "tempfile.TemporaryFile"): "what the engine says on stderr: it has no name",
    ("tui/jobs/measuring.py", "tempfile.TemporaryFile"): "what the engine says on stderr: it has no name",
    ("store/findings/kept_aggregates.py", "np.savez"): "goes to memory",
    ("tui/terminal/driver.py", "os.write"): "to the terminal",
    ("store/disk/mapped.py", "np.memmap"): "pages that are written in memory, and synced as a change",
    ("engine/training/job.py", ".save_pretrained"): "the library's own, to a folder that gets its name later",
}
"""What changes a disk otherwise, and why it may."""


def disk_changes(source: str) -> set[str]:
    """The calls in a module that change a disk."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        texts = [
            part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        modes = [
            text for text in texts if 0 < len(text) <= 3 and set(text) <= set("rwxab+t") and set(text) & set("wxa+")
        ]
        if isinstance(node.func, ast.Name) and node.func.id == "open" and modes:
            found.add("open")
        if not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        name = node.func.attr
        if name in CHANGING.get(owner, ()):
            found.add(f"{owner}.{name}")
        elif owner == "os" and name == "open" and {"O_CREAT", "O_TRUNC", "O_APPEND"} & set(flags_of(node)):
            found.add("os.open")
        elif name == "open" and owner != "os" and modes:
            found.add(".open")
        elif name in METHODS and owner not in ("changes", "os", "file"):
            of_a_path = name not in ("rename", "replace") or (len(node.args) == 1 and not node.keywords)
            found |= {f".{name}"} if of_a_path else set()
    return found


def flags_of(call: ast.Call) -> list[str]:
    return [part.attr for part in ast.walk(call) if isinstance(part, ast.Attribute)]


def test_a_change_to_a_disk_is_found() -> None:
    assert disk_changes("os.replace(a, b)\npath.rename(other)\nopen(p, 'w')\npath.open('ab')") == {
        *("os.replace", ".rename", "open", ".open")
    }
    assert disk_changes("os.open(p, os.O_RDWR | os.O_CREAT)\nwrite_text(p, t)\nshutil.rmtree(p)") == {
        *("os.open", "shutil.rmtree")
    }
    assert disk_changes("text.replace('a', 'b')\nchanges.rename(a, b)\np.open('rb')\nos.open(p, os.O_RDONLY)") == set()


def test_only_one_module_changes_a_disk() -> None:
    found = {
        (str(path.relative_to(ROOT)), call)
        for path in MODULES
        if path != ROOT / "store" / "disk" / "changes.py"
        for call in disk_changes(path.read_text("utf-8"))
    }
    assert found == set(ELSEWHERE)


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
