"""Questions of school mathematics with their answers, in the manner of DeepMind Mathematics (Saxton et al. 2019).

Each kind is a function that draws a question from a random generator and works out the answer exactly, with
integers and fractions. The same seed gives the same questions on every machine.
"""

from __future__ import annotations

import calendar
import datetime
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from neuron_tui.engine.corpus import polynomials
from neuron_tui.engine.corpus.polynomials import polynomial_text

LETTERS: Final = "abcdfghjkmnpqrstuvwxyz"
PLACES: Final = ("units", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions")
UNITS: Final = (
    ("millimetres", "centimetres", 10),
    ("centimetres", "metres", 100),
    ("metres", "kilometres", 1000),
    ("grams", "kilograms", 1000),
    ("millilitres", "litres", 1000),
    ("seconds", "minutes", 60),
    ("minutes", "hours", 60),
    ("hours", "days", 24),
    ("days", "weeks", 7),
    ("months", "years", 12),
)
COLOURS: Final = ("red", "green", "blue", "white", "black", "yellow")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its answer, and which kind of question it is (a key of `KINDS`)."""

    kind: str
    question: str
    answer: str


def questions(seed: int) -> Iterator[Question]:
    """Yield questions without end, of all kinds in turn at random; the same seed gives the same ones."""
    generator = random.Random(seed)
    kinds = tuple(KINDS)
    while True:
        kind = generator.choice(kinds)
        question, answer = KINDS[kind](generator)
        yield Question(kind, question, answer)


def documents(seed: int, *, count: int, questions_each: int) -> Iterator[str]:
    """Yield `count` documents of `questions_each` questions, each question and answer on a line of its own."""
    source = questions(seed)
    for _ in range(count):
        group = (next(source) for _ in range(questions_each))
        yield "".join(f"{item.question}\n{item.answer}\n" for item in group)


def _number(generator: random.Random, digits: int = 4, *, signed: bool = True) -> int:
    """Draw a number whose count of digits is uniform, so that small numbers are as common as large ones."""
    size = generator.randint(1, digits)
    value = generator.randint(10 ** (size - 1) if size > 1 else 0, 10**size - 1)
    return -value if signed and generator.random() < 0.3 else value


def _nonzero(generator: random.Random, most: int) -> int:
    return generator.choice((-1, 1)) * generator.randint(1, most)


def _in_brackets(value: int) -> str:
    return f"({value})" if value < 0 else str(value)


def fraction_text(value: Fraction) -> str:
    """Write a fraction in lowest terms, `-3/4`; a whole number without the bar."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _listed(values: list[int]) -> str:
    return ", ".join(map(str, values))


def _addition(generator: random.Random) -> tuple[str, str]:
    a, b = _number(generator, 6), _number(generator, 6)
    if generator.random() < 0.5:
        return generator.choice(("What is {} + {}?", "Add {} and {}.", "Sum {} and {}.")).format(a, b), str(a + b)
    return generator.choice(("What is {0} - {1}?", "Subtract {1} from {0}.")).format(a, _in_brackets(b)), str(a - b)


def _multiplication(generator: random.Random) -> tuple[str, str]:
    a, b = _number(generator), _number(generator, 3)
    text = generator.choice(("What is {} * {}?", "Multiply {} and {}.", "What is the product of {} and {}?"))
    return text.format(a, _in_brackets(b)), str(a * b)


def _division(generator: random.Random) -> tuple[str, str]:
    divisor, quotient = _nonzero(generator, 99), _number(generator, 3)
    text = generator.choice(("Divide {} by {}.", "What is {} divided by {}?"))
    return text.format(divisor * quotient, divisor), str(quotient)


def _nested_arithmetic(generator: random.Random) -> tuple[str, str]:
    text, value = str(first := generator.randint(-20, 20)), first
    for _ in range(generator.randint(2, 4)):
        operand = _nonzero(generator, 12)
        match generator.choice("+-*"):
            case "+":
                text, value = f"({text} + {_in_brackets(operand)})", value + operand
            case "-":
                text, value = f"({text} - {_in_brackets(operand)})", value - operand
            case _:
                text, value = f"{text} * {_in_brackets(operand)}", value * operand
    return f"Evaluate {text}.", str(value)


def _linear_equation(generator: random.Random) -> tuple[str, str]:
    x, a, b, c = _number(generator, 2), _nonzero(generator, 30), _number(generator, 3), generator.randint(-20, 20)
    if a == c:
        c += 1
    letter = generator.choice(LETTERS)
    left, right = polynomial_text((b, a), letter), polynomial_text((b + (a - c) * x, c), letter)
    return f"Solve {left} = {right} for {letter}.", str(x)


def _linear_system(generator: random.Random) -> tuple[str, str]:
    x, y = _number(generator, 2), _number(generator, 2)
    while True:
        a, b, c, d = (_nonzero(generator, 9) for _ in range(4))
        if a * d != b * c:
            break
    first, second = generator.sample(LETTERS, 2)

    def side(p: int, q: int) -> str:
        return f"{polynomial_text((0, p), first)} {'-' if q < 0 else '+'} {polynomial_text((0, abs(q)), second)}"

    return (
        f"Solve {side(a, b)} = {a * x + b * y}, {side(c, d)} = {c * x + d * y} for {first}.",
        str(x),
    )


def _greatest_common_divisor(generator: random.Random) -> tuple[str, str]:
    common = generator.randint(1, 60)
    a, b = common * generator.randint(1, 60), common * generator.randint(1, 60)
    text = generator.choice(
        ("What is the greatest common divisor of {} and {}?", "Calculate the highest common factor of {} and {}.")
    )
    return text.format(a, b), str(math.gcd(a, b))


def _least_common_multiple(generator: random.Random) -> tuple[str, str]:
    a, b = generator.randint(1, 120), generator.randint(1, 120)
    text = generator.choice(
        ("What is the least common multiple of {} and {}?", "Calculate the smallest common multiple of {} and {}.")
    )
    return text.format(a, b), str(math.lcm(a, b))


def smallest_prime_factor(value: int) -> int:
    """Return the smallest prime that divides `value` (2 or more)."""
    return next((d for d in range(2, math.isqrt(value) + 1) if value % d == 0), value)


def _is_prime(generator: random.Random) -> tuple[str, str]:
    value = generator.randint(2, 9999)
    if generator.random() < 0.5:  # half the questions start from an odd number, so that answers are not mostly no
        value |= 1
    return f"Is {value} a prime number?", str(value == smallest_prime_factor(value))


def _prime_factors(generator: random.Random) -> tuple[str, str]:
    value = rest = generator.randint(2, 2000)
    factors: list[int] = []
    while rest > 1:
        factors.append(smallest_prime_factor(rest))
        rest //= factors[-1]
    return f"List the prime factors of {value}.", _listed(sorted(set(factors)))


def _is_multiple(generator: random.Random) -> tuple[str, str]:
    divisor = generator.randint(2, 40)
    value = divisor * generator.randint(1, 200) + (generator.randint(1, divisor - 1) if generator.random() < 0.5 else 0)
    return f"Is {value} a multiple of {divisor}?", str(value % divisor == 0)


def digits_in_base(value: int, base: int) -> str:
    """Write `value` (0 or more) in `base` (2 to 16), with letters from ten on."""
    digits = ""
    while value or not digits:
        value, digit = divmod(value, base)
        digits = "0123456789abcdef"[digit] + digits
    return digits


def _base_conversion(generator: random.Random) -> tuple[str, str]:
    value = _number(generator, signed=False)
    start, end = generator.sample((2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16), 2)
    return f"What is {digits_in_base(value, start)} (base {start}) in base {end}?", digits_in_base(value, end)


def _place_value(generator: random.Random) -> tuple[str, str]:
    digits = str(generator.randint(10, 9_999_999))
    place = generator.randrange(len(digits))
    return f"What is the {PLACES[place]} digit of {digits}?", digits[-1 - place]


def _rounding(generator: random.Random) -> tuple[str, str]:
    value, step = generator.randint(0, 999_999), 10 ** generator.randint(1, 4)
    # Halves go up, as taught at school; round() would send them to the even neighbour.
    return f"Round {value} to the nearest {step}.", str((value + step // 2) // step * step)


def _remainder(generator: random.Random) -> tuple[str, str]:
    divisor, value = generator.randint(2, 99), _number(generator, 5, signed=False)
    return f"Calculate the remainder when {value} is divided by {divisor}.", str(value % divisor)


def _fractions(generator: random.Random) -> tuple[str, str]:
    a, b = (Fraction(_nonzero(generator, 20), generator.randint(2, 20)) for _ in range(2))
    sign, value = generator.choice((("+", a + b), ("-", a - b), ("*", a * b), ("/", a / b)))
    second = f"({fraction_text(b)})" if b < 0 or sign == "/" else fraction_text(b)
    return f"What is {fraction_text(a)} {sign} {second} as a fraction in lowest terms?", fraction_text(value)


def _percentage(generator: random.Random) -> tuple[str, str]:
    percent, base = generator.randint(1, 40) * 5, generator.randint(1, 60) * 20
    return f"What is {percent}% of {base}?", fraction_text(Fraction(percent * base, 100))


def _unit_conversion(generator: random.Random) -> tuple[str, str]:
    small, large, factor = generator.choice(UNITS)
    amount = generator.randint(2, 99)
    if generator.random() < 0.5:
        return f"How many {small} are there in {amount} {large}?", str(amount * factor)
    return f"Convert {amount * factor} {small} to {large}.", str(amount)


def _comparison(generator: random.Random) -> tuple[str, str]:
    a = _number(generator)
    b = a + generator.randint(-9, 9) if generator.random() < 0.5 else _number(generator)
    return f"Which is larger, {a} or {b}?", "they are equal" if a == b else str(max(a, b))


def _sorting(generator: random.Random) -> tuple[str, str]:
    values = [_number(generator, 3) for _ in range(generator.randint(3, 6))]
    if generator.random() < 0.5:
        return f"Sort {_listed(values)} in increasing order.", _listed(sorted(values))
    return f"Put {_listed(values)} in descending order.", _listed(sorted(values, reverse=True))


def _sequence(generator: random.Random) -> tuple[str, str]:
    start, step, bend = generator.randint(-50, 50), _nonzero(generator, 20), generator.choice((0, 0, 1, 2, 3))
    terms = [start + step * n + bend * n * (n - 1) // 2 for n in range(6)]
    return f"What is the next term in {_listed(terms[:5])}?", str(terms[5])


def _probability(generator: random.Random) -> tuple[str, str]:
    counts = {colour: generator.randint(1, 9) for colour in generator.sample(COLOURS, generator.randint(2, 4))}
    total, wanted = sum(counts.values()), generator.choice(list(counts))
    bag = ", ".join(f"{count} {colour}" for colour, count in counts.items())
    return (
        f"A bag holds balls: {bag}. One is drawn without looking. What is the probability that it is {wanted}?",
        fraction_text(Fraction(counts[wanted], total)),
    )


def _weekday(generator: random.Random) -> tuple[str, str]:
    date = datetime.date(generator.randint(1900, 2099), 1, 1) + datetime.timedelta(days=generator.randrange(365))
    return (
        f"Which day of the week is {date.day} {MONTHS[date.month - 1]} {date.year}?",
        WEEKDAYS[date.weekday()],
    )


def _days_later(generator: random.Random) -> tuple[str, str]:
    day, later = generator.randrange(7), generator.randint(2, 60)
    return f"Today is {WEEKDAYS[day]}. Which day is it in {later} days?", WEEKDAYS[(day + later) % 7]


def _days_in_month(generator: random.Random) -> tuple[str, str]:
    month, year = generator.randint(1, 12), generator.randint(1900, 2099)
    return f"How many days has {MONTHS[month - 1]} {year}?", str(calendar.monthrange(year, month)[1])


def _clock(generator: random.Random) -> tuple[str, str]:
    start, passed = generator.randrange(24 * 60), generator.randint(5, 600)
    hour, minute = divmod((start + passed) % (24 * 60), 60)
    return f"What time is it {passed} minutes after {start // 60}:{start % 60:02d}?", f"{hour}:{minute:02d}"


# Written out: calendar.month_name follows the machine's locale, and questions must not.
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

KINDS: Final[dict[str, Callable[[random.Random], tuple[str, str]]]] = {
    "addition": _addition,
    "multiplication": _multiplication,
    "division": _division,
    "nested arithmetic": _nested_arithmetic,
    "linear equation": _linear_equation,
    "linear system": _linear_system,
    "collect": polynomials.collect,
    "expand": polynomials.expand,
    "derivative": polynomials.derivative,
    "evaluate": polynomials.evaluate,
    "roots": polynomials.roots,
    "greatest common divisor": _greatest_common_divisor,
    "least common multiple": _least_common_multiple,
    "is prime": _is_prime,
    "prime factors": _prime_factors,
    "is multiple": _is_multiple,
    "base conversion": _base_conversion,
    "place value": _place_value,
    "rounding": _rounding,
    "remainder": _remainder,
    "fractions": _fractions,
    "percentage": _percentage,
    "unit conversion": _unit_conversion,
    "comparison": _comparison,
    "sorting": _sorting,
    "sequence": _sequence,
    "probability": _probability,
    "weekday": _weekday,
    "days later": _days_later,
    "days in month": _days_in_month,
    "clock": _clock,
}
"""Every kind of question, by name; each draws a question and its answer."""
