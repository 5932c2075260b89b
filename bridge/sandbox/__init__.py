"""The sandbox: a real bridge between simulators, and a page that shows both sides and every call between them."""
