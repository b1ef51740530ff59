"""One turn: routing, prompt, history, the tool loop and its gate, the local tier."""
