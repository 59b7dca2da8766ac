"""The engine as a process of its own: `python -m neuron_tui.engine extract|train ...`."""

from neuron_tui.engine.command import main

if __name__ == "__main__":
    main()
