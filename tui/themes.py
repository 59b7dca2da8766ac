"""The app's own themes."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#7fb4ca",
    secondary="#98bb6c",
    accent="#e6c384",
    warning="#ffa066",
    error="#ff6b6b",
    success="#98bb6c",
    foreground="#dcd7ba",
    background="#16161d",
    surface="#1f1f28",
    panel="#2a2a37",
    dark=True,
)
LIGHT = Theme(
    name="light",
    primary="#1f5f8b",
    secondary="#44702a",
    accent="#8a5a00",
    warning="#a04a00",
    error="#b3261e",
    success="#44702a",
    foreground="#22252b",
    background="#fbfaf7",
    surface="#f2f0ea",
    panel="#e4e1d8",
    dark=False,
)
