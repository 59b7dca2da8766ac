"""Every answer of the generator is worked out again here, from the text of the question alone."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.engine.corpus.mathematics import KINDS, MONTHS, WEEKDAYS, documents, questions

POINTS = (-7, -2, -1, 0, 1, 3, 11)


def value(expression: str, **letters: int) -> Fraction:
    """The value of an expression, with every number an exact fraction."""
    assert re.fullmatch(r"[\w\s.+*/()-]+", expression), expression
    exact = re.sub(r"(?<![\w*])(\d+)|(?<=[^*]\*)(\d+)", lambda m: f"Fraction({m[0]})", expression)
    return Fraction(eval(exact, {"Fraction": Fraction, **letters}))


def integers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"-?\d+", text)]


def same_everywhere(left: str, right: str, letter: str) -> bool:
    return all(value(left, **{letter: x}) == value(right, **{letter: x}) for x in POINTS)


def is_prime(number: int) -> bool:
    return number > 1 and all(number % d for d in range(2, number))


def addition(question: str, answer: str) -> bool:
    a, b = integers(question.replace(" - ", " "))
    less = question.startswith("Subtract") or " - " in question
    if question.startswith("Subtract"):
        a, b = b, a
    return int(answer) == (a - b if less else a + b)


def multiplication(question: str, answer: str) -> bool:
    a, b = integers(question)
    return int(answer) == a * b


def division(question: str, answer: str) -> bool:
    a, b = integers(question)
    return Fraction(a, b) == int(answer)


def nested_arithmetic(question: str, answer: str) -> bool:
    return value(question.removeprefix("Evaluate ").removesuffix(".")) == int(answer)


def linear_equation(question: str, answer: str) -> bool:
    left, right, letter = re.fullmatch(r"Solve (.*) = (.*) for (\w)\.", question).groups()
    solved = {letter: int(answer)}
    unique = value(f"{left} - ({right})", **{letter: 1}) != value(f"{left} - ({right})", **{letter: 0})
    return unique and value(left, **solved) == value(right, **solved)


def linear_system(question: str, answer: str) -> bool:
    parts = re.fullmatch(r"Solve (.*) = (-?\d+), (.*) = (-?\d+) for (\w)\.", question).groups()
    first, p, second, q, x = parts
    y = next(letter for letter in re.findall(r"[a-z]", first) if letter != x)

    def coefficients(side: str) -> tuple[Fraction, Fraction]:
        return value(side, **{x: 1, y: 0}), value(side, **{x: 0, y: 1})

    (a, b), (c, d) = coefficients(first), coefficients(second)
    return Fraction(int(p) * d - b * int(q), a * d - b * c) == int(answer)  # Cramer's rule


def collect(question: str, answer: str) -> bool:
    text = question.removeprefix("Collect the terms in ").removesuffix(".")
    letter = next(iter(re.findall(r"[a-z]", text)), "x")
    return same_everywhere(text, answer, letter) and "(" not in answer


def expand(question: str, answer: str) -> bool:
    text = question.removeprefix("Expand ").removesuffix(".")
    return same_everywhere(text, answer, re.search(r"[a-z]", text)[0]) and "(" not in answer


def derivative(question: str, answer: str) -> bool:
    pattern = r"Find the (first|second) derivative of (.*) with respect to (\w)\."
    order, text, letter = re.fullmatch(pattern, question).groups()

    def difference(x: int, h: Fraction) -> Fraction:
        """Central differences, exact in the limit; of a quartic the error is at most a multiple of h**2."""
        left, middle, right = (value(text, **{letter: point}) for point in (x - h, Fraction(x), x + h))
        return (right - left) / (2 * h) if order == "first" else (right - 2 * middle + left) / (h * h)

    tiny = Fraction(1, 10**6)
    return all(abs(difference(x, tiny) - value(answer, **{letter: x})) < Fraction(1, 1000) for x in POINTS)


def evaluate(question: str, answer: str) -> bool:
    pattern = r"Let (\w)\((\w)\) = (.*)\. What is \1\((-?\d+)\)\?"
    _, letter, text, at = re.fullmatch(pattern, question).groups()
    return value(text, **{letter: int(at)}) == int(answer)


def roots(question: str, answer: str) -> bool:
    text, letter = re.fullmatch(r"Solve (.*) = 0 for (\w)\.", question).groups()
    found = integers(answer)
    return found == [x for x in range(-50, 51) if value(text, **{letter: x}) == 0]


def greatest_common_divisor(question: str, answer: str) -> bool:
    a, b = integers(question)
    return int(answer) == max(d for d in range(1, min(a, b) + 1) if a % d == b % d == 0)


def least_common_multiple(question: str, answer: str) -> bool:
    a, b = integers(question)
    return int(answer) == next(m for m in range(a, a * b + 1, a) if m % b == 0)


def prime(question: str, answer: str) -> bool:
    return answer == str(is_prime(integers(question)[0]))


def prime_factors(question: str, answer: str) -> bool:
    number = integers(question)[0]
    return integers(answer) == [d for d in range(2, number + 1) if number % d == 0 and is_prime(d)]


def is_multiple(question: str, answer: str) -> bool:
    number, divisor = integers(question)
    return answer == str(number in range(0, number + 1, divisor))


def base_conversion(question: str, answer: str) -> bool:
    digits, start, end = re.fullmatch(r"What is (\w+) \(base (\d+)\) in base (\d+)\?", question).groups()
    return int(digits, int(start)) == int(answer, int(end)) and (answer == "0" or answer[0] != "0")


def place_value(question: str, answer: str) -> bool:
    names = ["units", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions"]
    name, number = re.fullmatch(r"What is the (.*) digit of (\d+)\?", question).groups()
    return int(answer) == int(number) // 10 ** names.index(name) % 10


def rounding(question: str, answer: str) -> bool:
    number, step = integers(question)
    return int(answer) % step == 0 and -step < 2 * (int(answer) - number) <= step


def remainder(question: str, answer: str) -> bool:
    number, divisor = integers(question)
    return 0 <= int(answer) < divisor and (number - int(answer)) % divisor == 0


def fractions(question: str, answer: str) -> bool:
    text = question.removeprefix("What is ").removesuffix(" as a fraction in lowest terms?")
    return value(text) == Fraction(answer) and answer == str(Fraction(answer))


def percentage(question: str, answer: str) -> bool:
    percent, base = integers(question)
    return Fraction(answer) * 100 == percent * base


SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}
SIZES = SECONDS | {"millimetres": 1, "centimetres": 10, "metres": 1000, "kilometres": 1_000_000}
SIZES |= {"grams": 1, "kilograms": 1000, "millilitres": 1, "litres": 1000, "months": 1, "years": 12}


def unit_conversion(question: str, answer: str) -> bool:
    if match := re.fullmatch(r"How many (\w+) are there in (\d+) (\w+)\?", question):
        asked, amount, given = match.groups()
    else:
        amount, given, asked = re.fullmatch(r"Convert (\d+) (\w+) to (\w+)\.", question).groups()
    return int(amount) * SIZES[given] == int(answer) * SIZES[asked]


def comparison(question: str, answer: str) -> bool:
    a, b = integers(question)
    return answer == "they are equal" if a == b else int(answer) in (a, b) and int(answer) >= a and int(answer) >= b


def sorting(question: str, answer: str) -> bool:
    listed = integers(answer)
    pairs = list(pairwise(listed))
    ordered = all(a <= b for a, b in pairs) if "increasing" in question else all(a >= b for a, b in pairs)
    return ordered and sorted(listed) == sorted(integers(question))


def sequence(question: str, answer: str) -> bool:
    terms = [*integers(question), int(answer)]
    while len(terms) > 3:
        terms = [b - a for a, b in pairwise(terms)]
    return terms == [0, 0, 0]  # the third differences of a quadratic vanish


def probability(question: str, answer: str) -> bool:
    balls = {colour: int(count) for count, colour in re.findall(r"(\d+) ([a-z]+)", question)}
    wanted = re.search(r"that it is (\w+)\?", question)[1]
    return Fraction(answer) * sum(balls.values()) == balls[wanted]


def weekday(question: str, answer: str) -> bool:
    day, month, year = re.fullmatch(r"Which day of the week is (\d+) (\w+) (\d+)\?", question).groups()
    days = (datetime.date(int(year), MONTHS.index(month) + 1, int(day)) - datetime.date(2000, 1, 1)).days
    return answer == WEEKDAYS[(days + WEEKDAYS.index("Saturday")) % 7]  # 1 January 2000 was a Saturday


def days_later(question: str, answer: str) -> bool:
    today, days = re.fullmatch(r"Today is (\w+)\. Which day is it in (\d+) days\?", question).groups()
    names = WEEKDAYS * 12
    return answer == names[names.index(today) + int(days)]


def days_in_month(question: str, answer: str) -> bool:
    month, year = re.fullmatch(r"How many days has (\w+) (\d+)\?", question).groups()
    first = datetime.date(int(year), MONTHS.index(month) + 1, 1)
    return (first + datetime.timedelta(int(answer))).day == 1 and (first + datetime.timedelta(int(answer) - 1)).day > 27


def clock(question: str, answer: str) -> bool:
    passed, hour, minute = integers(question)
    end = datetime.datetime(2000, 1, 1, hour, minute) + datetime.timedelta(minutes=passed)
    return answer == f"{end.hour}:{end.minute:02d}"


CHECKS: dict[str, Callable[[str, str], bool]] = {
    "addition": addition,
    "multiplication": multiplication,
    "division": division,
    "nested arithmetic": nested_arithmetic,
    "linear equation": linear_equation,
    "linear system": linear_system,
    "collect": collect,
    "expand": expand,
    "derivative": derivative,
    "evaluate": evaluate,
    "roots": roots,
    "greatest common divisor": greatest_common_divisor,
    "least common multiple": least_common_multiple,
    "is prime": prime,
    "prime factors": prime_factors,
    "is multiple": is_multiple,
    "base conversion": base_conversion,
    "place value": place_value,
    "rounding": rounding,
    "remainder": remainder,
    "fractions": fractions,
    "percentage": percentage,
    "unit conversion": unit_conversion,
    "comparison": comparison,
    "sorting": sorting,
    "sequence": sequence,
    "probability": probability,
    "weekday": weekday,
    "days later": days_later,
    "days in month": days_in_month,
    "clock": clock,
}


def test_every_kind_has_a_check_and_there_are_many():
    assert CHECKS.keys() == KINDS.keys()
    assert len(KINDS) >= 12


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32 - 1))
def test_answers_are_right(kind: str, seed: int):
    import random

    question, answer = KINDS[kind](random.Random(seed))
    assert CHECKS[kind](question, answer), (question, answer)


def test_a_seed_fixes_the_questions_and_another_changes_them():
    first, again, other = (list(islice(questions(seed), 50)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_all_kinds_turn_up():
    assert {item.kind for item in islice(questions(0), 1000)} == KINDS.keys()


def test_documents_are_lines_of_question_and_answer():
    made = list(documents(0, count=5, questions_each=4))
    asked = list(islice(questions(0), 20))
    assert len(made) == 5
    assert "".join(made) == "".join(f"{item.question}\n{item.answer}\n" for item in asked)
    assert math.isclose(made[0].count("\n"), 8)
