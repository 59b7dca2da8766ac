"""Bytes and seconds as people read them."""

from __future__ import annotations


def size_text(size: int) -> str:
    """Bytes, in powers of ten: `34 MB`, `1.6 GB`."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 9.95 or unit == "B" else f"{value:.1f} {unit}"


def clock(seconds: float) -> str:
    """Seconds: `0:07`, `12:40`, `3:02:11`."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"
