"""The set-up room: a config's channels asked about themselves, a config asked together and written. It knows no network."""
