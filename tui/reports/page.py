"""The frame of an HTML page that fetches nothing and runs nothing, and how it shows what is not ours."""

from __future__ import annotations

from html import escape

from neuron_tui.tui.reports.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for a page: nothing but the style that is in it."""

ENDING = "</body>\n</html>\n"


def beginning(title: str) -> str:
    """A page up to its body; `title` is text."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )


def foreign(text: str, kind: str = "") -> str:
    """A text that is not ours, made visible before, with its direction kept to itself; `kind` is its class."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<bdi{attribute}>{escape(text)}</bdi>"


def token(text: str) -> str:
    """A token, made visible before."""
    return foreign(text, "t")
