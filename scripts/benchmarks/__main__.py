"""`python -m scripts.benchmarks [name…]`: run benchmarks and print their tables as Markdown."""

import sys

from scripts.benchmarks import engines, http, intents, spoken_turn, start, store
from scripts.benchmarks.figures import machine

ALL = {
    "start": ("Start", start.run),
    "engines": ("Engines", engines.run),
    "http": ("The server", http.run),
    "intents": ("The offline mind", intents.run),
    "store": ("The store", store.run),
    "spoken_turn": ("A spoken turn", spoken_turn.run),
}


def main() -> None:
    """Run those that are named, or all."""
    print(f"Measured on {machine()}.")
    for name in sys.argv[1:] or ALL:
        title, run = ALL[name]
        print(f"\n## {title}\n\n{run()}", flush=True)


if __name__ == "__main__":
    main()
