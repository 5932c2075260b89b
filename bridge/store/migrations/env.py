"""Run by Alembic: one transaction for all steps."""

from alembic import context

from bridge.store.migrations.running import on_postgresql, on_sqlite

url = context.config.get_main_option("sqlalchemy.url") or ""
if url.startswith("sqlite:"):
    on_sqlite(url)
else:
    on_postgresql(url)
