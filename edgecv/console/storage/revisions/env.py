"""Alembic's entry: configures it with the connection that :mod:`edgecv.console.storage.revisions` passes."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
