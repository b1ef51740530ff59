"""`python -m scripts.benchmarks [--quick] [name…]`: run benchmarks and print their tables."""

import sys
from collections.abc import Callable
from functools import partial

from scripts.benchmarks import (
    alerts,
    echo,
    engines,
    growth,
    http,
    intents,
    lights,
    memory,
    moments,
    start,
    store,
    turn_taking,
    voice,
)
from scripts.benchmarks.figures import machine

ALL: dict[str, tuple[str, Callable[[], str]]] = {
    "start": ("Start", start.run),
    "engines": ("Engines", engines.run),
    "http": ("The server", http.run),
    "intents": ("The offline mind", intents.run),
    "moments": ("Dates and durations", moments.run),
    "store": ("The store", store.run),
    "alerts": ("Alerts", alerts.run),
    "lights": ("Lights", lights.run),
    "turn_taking": ("Turn-taking", turn_taking.run),
    "echo": ("Echo", echo.run),
    "voice": ("The voice", partial(voice.run, quick="--quick" in sys.argv)),
    "memory": ("Memory", memory.run),
    "growth": ("Hours of listening", growth.run),
}


def main() -> None:
    """Run those that are named, or all."""
    print(f"Measured on {machine()}.")
    named = [argument for argument in sys.argv[1:] if argument != "--quick"]
    for name in named or ALL:
        title, run = ALL[name]
        print(f"\n## {title}\n\n{run()}", flush=True)


if __name__ == "__main__":
    main()
