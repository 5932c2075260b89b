"""Migrations at start: Alembic is imported only where a store isn't at the newest revision."""

from __future__ import annotations

from pathlib import Path

HEAD = "0002"
"""The newest revision; a test holds it against the files."""


class SchemaTooNew(Exception):
    """The store was written by a newer Trunkline."""


def migrate(url: str, stamp: str | None) -> None:
    """Brings the store at `url` (sqlite:///FILE, or asyncpg's postgresql://…) from revision `stamp` to `HEAD`. Call it in a
    thread without an event loop. Raises `SchemaTooNew`."""
    if stamp == HEAD:
        return
    if stamp is not None and stamp > HEAD:
        raise SchemaTooNew(
            f"the store is at revision {stamp}, this Trunkline knows {HEAD}: install the newer one again"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, HEAD)
