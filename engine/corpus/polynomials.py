"""Polynomials in one letter with integer coefficients: how they are written, and the questions about them.

A polynomial is a tuple of coefficients, lowest power first: (3, 0, -1) is 3 - x**2, written `-x**2 + 3`.
"""

from __future__ import annotations

import random
from itertools import zip_longest
from typing import Final

Polynomial = tuple[int, ...]
LETTERS: Final = "abcdfghjkmnpqrstuvwxyz"


def polynomial_text(coefficients: Polynomial, letter: str) -> str:
    """Write a polynomial, highest power first: `2*x**2 - x + 7`; `0` if all coefficients are zero."""
    text = ""
    for power in range(len(coefficients) - 1, -1, -1):
        if term := _term_text(abs(coefficients[power]), letter, power):
            negative = coefficients[power] < 0
            text += (" - " if negative else " + ") + term if text else "-" * negative + term
    return text or "0"


def _term_text(size: int, letter: str, power: int) -> str:
    if size == 0:
        return ""
    if power == 0:
        return str(size)
    letters = letter if power == 1 else f"{letter}**{power}"
    return letters if size == 1 else f"{size}*{letters}"


def multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the coefficients of the product."""
    product = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    return tuple(product)


def added(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the coefficients of the sum."""
    return tuple(a + b for a, b in zip_longest(left, right, fillvalue=0))


def _draw(generator: random.Random, degree: int, most: int) -> Polynomial:
    lower = (generator.randint(-most, most) for _ in range(degree))
    return (*lower, generator.choice((-1, 1)) * generator.randint(1, most))


def collect(generator: random.Random) -> tuple[str, str]:
    """Ask for the terms of a sum of polynomials to be collected."""
    letter = generator.choice(LETTERS)
    parts = [_draw(generator, generator.randint(0, 3), 30) for _ in range(generator.randint(2, 4))]
    total: Polynomial = (0,)
    for part in parts:
        total = added(total, part)
    text = polynomial_text(parts[0], letter) + "".join(f" + ({polynomial_text(p, letter)})" for p in parts[1:])
    return f"Collect the terms in {text}.", polynomial_text(total, letter)


def expand(generator: random.Random) -> tuple[str, str]:
    """Ask for a product of two or three factors to be multiplied out."""
    letter = generator.choice(LETTERS)
    factors = [_draw(generator, 1, 9) for _ in range(generator.choice((2, 2, 3)))]
    product: Polynomial = (1,)
    for factor in factors:
        product = multiplied(product, factor)
    text = "*".join(f"({polynomial_text(factor, letter)})" for factor in factors)
    return f"Expand {text}.", polynomial_text(product, letter)


def derivative(generator: random.Random) -> tuple[str, str]:
    """Ask for the first or the second derivative of a polynomial."""
    letter, coefficients = generator.choice(LETTERS), _draw(generator, generator.randint(1, 4), 40)
    order = generator.choice((1, 1, 2))
    answer = coefficients
    for _ in range(order):
        answer = tuple(power * c for power, c in enumerate(answer))[1:]
    name = ("first", "second")[order - 1]
    text = polynomial_text(coefficients, letter)
    return f"Find the {name} derivative of {text} with respect to {letter}.", polynomial_text(answer, letter)


def evaluate(generator: random.Random) -> tuple[str, str]:
    """Ask for the value of a polynomial at a whole number."""
    letter, name = generator.sample(LETTERS, 2)
    coefficients, at = _draw(generator, generator.randint(1, 3), 12), generator.randint(-9, 9)
    value = sum(c * at**power for power, c in enumerate(coefficients))
    return f"Let {name}({letter}) = {polynomial_text(coefficients, letter)}. What is {name}({at})?", str(value)


def roots(generator: random.Random) -> tuple[str, str]:
    """Ask for the roots of a quadratic that has two whole ones."""
    letter = generator.choice(LETTERS)
    first, second = sorted(generator.randint(-15, 15) for _ in range(2))
    scale = generator.choice((1, 1, 2, 3, -1))
    product = multiplied(multiplied((scale,), (-first, 1)), (-second, 1))
    answer = str(first) if first == second else f"{first}, {second}"
    return f"Solve {polynomial_text(product, letter)} = 0 for {letter}.", answer
