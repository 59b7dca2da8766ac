"""One person's note on a neuron or on one of its poles, and how it is written as a line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neuron_tui.store.errors import InputError
from neuron_tui.store.wording import json_text

LONGEST_LABEL, LONGEST_TEXT, LONGEST_AUTHOR = 200, 20_000, 100
"""Characters."""

Key = tuple[int, int, str, str]
"""Layer, neuron, pole and author: of each there is one note."""


@dataclass(frozen=True, slots=True)
class Note:
    """A label of a few words and a text of any number of lines, by `author`, on a neuron of a layer.

    `pole` is `+` or `-` for a note on one pole of a neuron that has two, empty for one on the whole neuron. `changed`
    is when it was written, as `2026-11-27T22:31:12.123Z`: such texts are in the order of time. A note without label and
    text is one that was taken away: it stays, so that an older copy does not bring it back.
    """

    layer: int
    neuron: int
    pole: str
    label: str
    text: str
    author: str
    changed: str

    @property
    def key(self) -> Key:
        """What it is on, and whose it is."""
        return self.layer, self.neuron, self.pole, self.author

    @property
    def removed(self) -> bool:
        """Whether it was taken away."""
        return not self.label and not self.text

    @property
    def place(self) -> str:
        """What it is on, as people write it: `3:117`, `3:117+`."""
        return f"{self.layer}:{self.neuron}{self.pole}"

    @property
    def rank(self) -> tuple[str, str, str]:
        """Of two notes with one key the one of the higher rank holds: the later one."""
        return self.changed, self.text, self.label

    def to_dict(self) -> dict[str, str]:
        """What it says, without what it is on but for the pole: as records have it."""
        return {
            "label": self.label,
            "text": self.text,
            "author": self.author,
            "changed": self.changed,
            "pole": self.pole,
        }

    def to_line(self) -> str:
        """The note as a line of JSON, without its end; what would act on a terminal is escaped."""
        return json_text(asdict(self))


class _Line(BaseModel):
    """What a line may hold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    layer: Annotated[int, Field(ge=0)]
    neuron: Annotated[int, Field(ge=0)]
    pole: Literal["", "+", "-"] = ""
    label: Annotated[str, Field(max_length=LONGEST_LABEL)] = ""
    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    author: Annotated[str, Field(min_length=1, max_length=LONGEST_AUTHOR)]
    changed: str

    @field_validator("label", "author")
    @classmethod
    def _one_line(cls, text: str) -> str:
        if len(text.splitlines()) > 1 or text != text.strip():
            raise ValueError("must be one line, with no blanks around it")
        return text

    @field_validator("changed")
    @classmethod
    def _in_utc(cls, text: str) -> str:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("must be a time such as 2026-11-27T22:31:12Z") from None
        if time.tzinfo is None:
            raise ValueError("must say its time zone, such as Z for UTC")
        if not 1900 < time.year < 9000:
            raise ValueError("must be a time of this age")
        return _time_text(time.astimezone(UTC))


def new_note(
    layer: int, neuron: int, pole: str, *, label: str, text: str, author: str, before: Note | None = None
) -> Note:
    """A note that is written now. Blanks around label, text and author go, and the label becomes one line.

    `before` is the note that it takes the place of: it is later than that, whatever the clock says.

    Raises
    ------
    InputError
        It is too long, has no author, or is no text.
    """
    now = _time_text(datetime.now(UTC))
    if before is not None and now <= before.changed:
        now = _time_text(datetime.fromisoformat(before.changed) + timedelta(milliseconds=1))
    values = {
        "layer": layer,
        "neuron": neuron,
        "pole": pole,
        "label": " ".join(label.split()),
        "text": text.replace("\r\n", "\n").strip(),
        "author": " ".join(author.split()),
        "changed": now,
    }
    try:
        return _checked(values)
    except ValueError as error:
        raise InputError(f"the note cannot be kept: {error}\nWrite it otherwise.") from error


def read_line(line: str | bytes) -> Note:
    """The note in a line of JSON; raises ValueError in words."""
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON ({error.msg} at character {error.pos + 1})") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no JSON in UTF-8") from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise ValueError("a number with too many digits") from error
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    return _checked(values)


def _checked(values: dict[str, Any]) -> Note:
    try:
        return Note(**_Line.model_validate(values).model_dump())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        match first["type"]:
            case "extra_forbidden":
                raise ValueError(f"unknown key {key!r}; known are {', '.join(_Line.model_fields)}") from error
            case "missing":
                raise ValueError(f"the key {key!r} is missing") from error
        reason = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{key}: {reason[:1].lower()}{reason[1:]}") from error


def _time_text(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
