"""The migrations make what the code expects."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from milter.store import migrate, schema
from milter.store.engine import connect
from milter.store.engine import migrate as run


def _steps() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_program_knows_every_step_and_the_last():
    """The steps that are shipped are those that the program says it knows, in one line."""
    steps = [step.revision for step in _steps().walk_revisions()]
    assert tuple(reversed(steps)) == migrate.KNOWN
    assert _steps().get_heads() == [migrate.HEAD]


def test_migrated_store_is_what_the_code_expects(nothing_yet: None, url: str):
    """Tables, columns, indexes and their order after all steps equal those of the schema."""
    run(url)
    engine = connect(url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, schema.metadata)
        inspector = inspect(connection)
        columns = {
            name: [(column["name"], column["nullable"]) for column in inspector.get_columns(name)]
            for name in schema.metadata.tables
        }
    engine.dispose()
    assert differences == []
    assert columns == {
        name: [(column.name, column.nullable) for column in table.columns]
        for name, table in schema.metadata.tables.items()
    }


def test_steps_can_be_taken_one_by_one(nothing_yet: None, url: str):
    """A store of each earlier step comes up to the last."""
    engine = connect(url)
    for step in migrate.KNOWN:
        migrate.bring_up(engine, step)
        with engine.begin() as connection:
            expected = migrate.Step.CURRENT if step == migrate.HEAD else migrate.Step.OLDER
            assert migrate.step_of(connection) is expected
    engine.dispose()
