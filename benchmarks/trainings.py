"""The models and runs behind docs/findings.md: which trainings there are, and which of them each study compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STEPS, SHORTER = 4000, 1000
CHECKPOINT_EVERY = 250
BUILTIN = ("--corpus", "builtin:prose", "--corpus", "builtin:code", "--corpus", "builtin:math")

TRAINED_ALIKE = (
    *BUILTIN,
    *("--vocabulary", "1024", "--layers", "4", "--heads", "4", "--context-length", "256"),
    *("--batch", "16", "--learning-rate", "0.002", "--precision", "bfloat16", "--dtype", "float16"),
)
"""Options that all trainings share."""

EXTRACTED_ALIKE = (*BUILTIN, "--tokens", "1000000", "--dtype", "float32", "--keep-activations", "never")
"""Options that all extractions share."""

MOMENTS = (250, 500, 1000, 2000)
"""Steps at which a model under way is looked at, beside its end."""


@dataclass(frozen=True, slots=True)
class Training:
    """A model to train: its name, what it is in a few words, and how it differs from the others."""

    name: str
    what: str
    width: int = 128
    ffn: int = 512
    seed: int = 0
    steps: int = STEPS
    other: tuple[str, ...] = ()
    moments: tuple[int, ...] = ()

    def command(self, models: Path) -> list[str]:
        """The words of its `neuron-tui train`."""
        size = ("--width", str(self.width), "--ffn", str(self.ffn))
        course = ("--steps", str(self.steps), "--seed", str(self.seed))
        kept = ("--checkpoint-every", str(CHECKPOINT_EVERY)) if self.moments else ()
        output = ("--output", str(models / self.name))
        return ["neuron-tui", "train", *TRAINED_ALIKE, *size, *course, *self.other, *kept, *output]

    def extractions(self) -> tuple[Extraction, ...]:
        """Runs of its checkpoints in their order, then of its end."""
        under_way = tuple(Extraction(self, step) for step in self.moments)
        return (*under_way, Extraction(self, self.steps))


@dataclass(frozen=True, slots=True)
class Extraction:
    """A run to make: a model at the step where its training ends, or at a checkpoint before."""

    training: Training
    step: int

    @property
    def name(self) -> str:
        """Name of the run: `base`, or `base-250` for a checkpoint."""
        return self.training.name if self.step == self.training.steps else f"{self.training.name}-{self.step}"

    def model(self, models: Path) -> Path:
        """Directory of the model."""
        folder = models / self.training.name
        return folder if self.step == self.training.steps else folder / "checkpoints" / f"step_{self.step:07d}"

    def command(self, models: Path, runs: Path) -> list[str]:
        """The words of its `neuron-tui extract`."""
        place = ("--name", self.name, "--runs-dir", str(runs))
        return ["neuron-tui", "extract", str(self.model(models)), *EXTRACTED_ALIKE, *place]


NO_POSITIONS = ("--no-positions",)
TRAININGS = (
    Training("base", "with position embeddings", moments=MOMENTS),
    Training("nopos", "without position embeddings", other=NO_POSITIONS, moments=MOMENTS),
    Training("base-seed1", "with, shorter, another seed", seed=1, steps=SHORTER),
    Training("nopos-seed1", "without, shorter, another seed", seed=1, steps=SHORTER, other=NO_POSITIONS),
    Training("smooth", "position embeddings begun as sinusoids", other=("--smooth-positions", "0.08"), moments=MOMENTS),
    Training("small", "half the width", width=64, ffn=256),
    Training("large", "one and a half times the width", width=192, ffn=768),
    Training("after", "LayerNorm after each block", other=("--layer-norm", "after")),
)

STUDIES = {
    "positions": ("base", "nopos", "base-seed1", "nopos-seed1"),
    "moments": ("base", "nopos"),
    "sinusoids": ("base", "smooth"),
    "sizes": ("small", "base", "large"),
    "norm": ("base", "after"),
    "paper": ("small", "base", "large", "nopos", "after"),
}
"""Names of the trainings that each study compares, in the order of its tables."""

BUILT_IN = "pocket-opt"
"""The model of the demo, which the study `paper` looks at too; it was trained on more text than comes with Python."""


def training(name: str) -> Training:
    """The training of a name; raises KeyError."""
    return {one.name: one for one in TRAININGS}[name]


def chosen(names: Sequence[str]) -> Iterator[Training]:
    """The trainings of some studies or of some names, each once and in the order of `TRAININGS`; of all without any."""
    wanted = {member for name in names for member in STUDIES.get(name, (name,))}
    return (one for one in TRAININGS if not names or one.name in wanted)
