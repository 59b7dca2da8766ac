"""Where the packages lie: each of the three roots at the top is a package below `neuron_tui`."""

from setuptools import find_packages, setup

ROOTS = ("store", "engine", "tui")

setup(
    packages=[f"neuron_tui.{path}" for root in ROOTS for path in (root, *(f"{root}.{p}" for p in find_packages(root)))],
    package_dir={f"neuron_tui.{root}": root for root in ROOTS},
)
