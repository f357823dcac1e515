"""Runs the migrations on the connection that `milter.store.migrate` gives, inside its transaction."""

from alembic import context

from milter.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
