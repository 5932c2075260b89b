"""Trunkline's core: what relays between a company's customers and its agents. It knows no network by name."""
