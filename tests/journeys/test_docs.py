"""README and docs name only commands, options, pages and pictures that there are, and every picture is used."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from neuron_tui.engine.command import app as engine
from neuron_tui.store.findings.comparison.report import PARTS
from neuron_tui.store.findings.figures import NAMES
from neuron_tui.tui.cli.compare import FORMATS as COMPARISON_FORMATS
from neuron_tui.tui.cli.main import app
from neuron_tui.tui.reports.comparison import LONG
from neuron_tui.tui.reports.report import FORMATS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURES = ROOT / "docs" / "pictures"

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


def options() -> dict[str, set[str]]:
    """Options of every command; those of none are the program's own."""
    known: dict[str, set[str]] = {}
    for program in (engine, app):  # what the app passes on to the engine has the engine's options
        group = typer.main.get_command(program)
        for name, command in commands_of(group).items():
            if getattr(command, "hidden", False):  # the app's own, for nobody to type
                continue
            found = {option for given in command.params for option in given.opts if option.startswith("--")}
            known[name] = known.get(name, set()) | found | {"--help"}
    return known


def commands_of(group: typer.core.TyperGroup) -> dict[str, typer.core.TyperCommand | typer.core.TyperGroup]:
    """Commands by the words that they are called by; the group itself by none."""
    below = {name: commands_of(one) if hasattr(one, "commands") else {"": one} for name, one in group.commands.items()}
    return {"": group} | {f"{name} {rest}".strip(): c for name, more in below.items() for rest, c in more.items()}


OPTIONS = options()


def commands(text: str) -> list[list[str]]:
    """The words after `neuron-tui` of every command of a page, at a prompt, in a block or in a sentence."""
    lines = re.findall(r"^\$ neuron-tui\b((?:.*\\\n)*.*)", text, re.MULTILINE)
    lines += re.findall(r"`neuron-tui\b([^`]*)`", text)
    lines += re.findall(r"-m neuron_tui\.engine\b((?:.*\\\n)*.*)", text)
    split = [shlex.split(re.split(r" \| | > ", line.replace("\\\n", " "))[0]) for line in lines]
    return [words for words in split if words]


@page
def test_the_commands_are_there(path: Path) -> None:
    for words in commands(path.read_text(encoding="utf-8")):
        name = words[0] if not words[0].startswith("-") else ""
        name = longer if (longer := " ".join(words[:2])) in OPTIONS else name
        assert name in OPTIONS, f"neuron-tui {' '.join(words)}"
        unknown = {word.partition("=")[0] for word in words if re.match("--[a-z]", word)} - OPTIONS[name] - OPTIONS[""]
        assert not unknown, f"neuron-tui {' '.join(words)}"


@page
def test_options_named_alone_are_there(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(--[a-z-]+)[^`]*`", text))
    assert named <= set().union(*OPTIONS.values())


def test_the_command_line_is_looked_at_where_it_is_shown() -> None:
    shown = {" ".join(words) for path in PAGES for words in commands(path.read_text(encoding="utf-8"))}
    assert [name for name in OPTIONS if name and not any(f"{one} ".startswith(f"{name} ") for one in shown)] == []


@page
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"`[^`\n]+`", "", path.read_text(encoding="utf-8"))  # code is no link, whatever it looks like
    for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), link


@page
def test_links_within_pages_lead_to_headings(path: Path) -> None:
    for link, place in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]*)\)", path.read_text(encoding="utf-8")):
        text = ((path.parent / link) if link else path).read_text(encoding="utf-8")
        headings = {
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)", text, re.MULTILINE)
        }
        assert place in headings, f"{link}#{place}"


def test_every_picture_is_used() -> None:
    shown = {
        Path(link).name
        for path in PAGES
        for link in re.findall(r"!\[[^]]+\]\(([^)]*pictures/[^)]+)\)", path.read_text("utf-8"))
    }
    assert shown == {picture.name for picture in PICTURES.iterdir()}


def test_pictures_tell_of_no_machine() -> None:
    for picture in PICTURES.glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert not re.search(r"/tmp/|/home/|/root/|/Users/|/work/", text), picture.name
        assert "@font-face" not in text and "<script" not in text, picture.name


def test_every_format_and_figure_is_described() -> None:
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    assert [name for name in (*FORMATS, *NAMES) if f"`{name}`" not in text] == []


def test_every_part_and_format_of_a_comparison_is_described() -> None:
    text = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
    assert [name for name in (*PARTS, *COMPARISON_FORMATS, *LONG) if f"`{name}`" not in text] == []
