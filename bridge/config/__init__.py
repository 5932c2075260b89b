"""TOML -> `Config`, or every problem at its line: `load.load` is the one function that start, check and reload use."""
