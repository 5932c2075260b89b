"""Every leg: addresses by channel, roads, outcomes of events, files that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.add_column("address", sa.Column("address", sa.String(), nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE address SET address = id")
    op.execute(
        "UPDATE address SET id = coalesce((SELECT min(b.channel) FROM binding b WHERE b.address = address.address) || ':', '')"
        " || address"
    )
    op.add_column("conversation", sa.Column("moved_to", sa.String(), nullable=True))
    op.add_column("binding", sa.Column("roads", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("message", sa.Column("road", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("message", sa.Column("twin", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("message", sa.Column("fingerprint", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("delivery", sa.Column("segments", sa.Integer(), nullable=True))
    op.add_column("inbox", sa.Column("conversation_id", sa.String(), nullable=True))
    op.add_column("inbox", sa.Column("seq", sa.Integer(), nullable=True))
    op.add_column("inbox", sa.Column("digest", sa.String(), nullable=False, server_default=sa.text("''")))
    op.create_index("binding_address", "binding", ["address", "channel", "endpoint"])
    op.create_index(op.f("ix_binding_key_conversation_id"), "binding_key", ["conversation_id"])
    op.create_index("conversation_active", "conversation", ["bridge", "active_at"])
    op.create_index(
        "conversation_open", "conversation", ["bridge", "active_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_file_hash"), "file", ["hash"])
    op.create_table(
        "secret",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
