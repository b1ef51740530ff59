"""The home: accessories in HomeKit's words, merged from the drivers."""
