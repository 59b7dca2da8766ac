"""The built-in corpus: text that any machine with Python has, so that nothing need be shipped or fetched.

`code` is the running Python's standard library, `prose` its documentation topics and the docstrings in that
library, `math` is generated. The same Python gives the same text; another version gives slightly other text.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import itertools
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from neuron_tui.engine.corpus import mathematics
from neuron_tui.store.errors import CorpusError, UsageError

NOT_LIBRARY: Final = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idle_test", "pydoc_data", "__pycache__"}
)
SHORTEST_DOCSTRING: Final = 80
"""Characters; shorter docstrings are labels, not prose."""
MATH_SEED: Final = 0
MATH_DOCUMENTS: Final = 10_000
QUESTIONS_A_DOCUMENT: Final = 24


def builtin_documents(name: str) -> Iterator[str]:
    """Yield the documents of one built-in domain, in an order that is the same at every call.

    Parameters
    ----------
    name
        `prose`, `code` or `math`.

    Raises
    ------
    UsageError
        There is no built-in domain of that name.
    CorpusError
        This Python comes without the source of its standard library.
    """
    domains: dict[str, Callable[[], Iterator[str]]] = {"prose": _prose, "code": _code, "math": _math}
    if name not in domains:
        raise UsageError(f"there is no built-in corpus {name!r}; choose one of {', '.join(domains)}")
    return domains[name]()


def _code() -> Iterator[str]:
    for path in _library_files():
        text = _read(path)
        if text.strip():
            yield text


def _prose() -> Iterator[str]:
    # Topics and docstrings alternate in blocks, so that the beginning of the domain, all that a small
    # token budget sees, is not of one kind.
    topics, docstrings = _topics(), _docstrings()
    while block := [*itertools.islice(topics, 1), *itertools.islice(docstrings, 4)]:
        yield from block


def _math() -> Iterator[str]:
    return mathematics.documents(MATH_SEED, count=MATH_DOCUMENTS, questions_each=QUESTIONS_A_DOCUMENT)


def _topics() -> Iterator[str]:
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        return  # some distributions leave it out; docstrings remain
    for key in sorted(topics):
        yield topics[key]


def _docstrings() -> Iterator[str]:
    """One document a module: its docstrings in the order of the source."""
    for path in _library_files():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # old modules hold escapes that newer Pythons warn about
                module = ast.parse(_read(path))
        except (SyntaxError, ValueError, RecursionError):
            continue
        found = (
            ast.get_docstring(node)
            for node in ast.walk(module)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        )
        text = "\n\n".join(docstring for docstring in found if docstring and len(docstring) >= SHORTEST_DOCSTRING)
        if text:
            yield text


def _library_files() -> list[Path]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = [path for path in root.rglob("*.py") if NOT_LIBRARY.isdisjoint(path.relative_to(root).parts)]
    if not files:
        raise CorpusError(f"no standard library source under {root}; install Python with its source files")
    # In the order of a digest of their names: what a token budget leaves of the domain is a fair sample of the
    # library, not its packages from a to c.
    return sorted(files, key=lambda path: _digest(path.relative_to(root).as_posix()))


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")
