"""IRC as a kind of channel: customers alone, each known by a nick."""
