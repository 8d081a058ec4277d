"""Runs the migrations of a PostGIS store on the connection that ``migrate`` hands over."""

from alembic import context

from geo.store.postgres import SCHEMA

context.configure(connection=context.config.attributes["connection"], version_table_schema=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
