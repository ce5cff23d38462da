"""What the database refuses by itself: other tenants' rows, and changes to what is written once."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table

from server.core.database import Model, Owned
from server.core.each_owner import each_owner_statements

APP_ROLE = "tournee_app"
ACTING = "tournee.acting"

_FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION acting_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT current_setting('{ACTING}')::uuid $$
""",
    """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
""",
    """
CREATE OR REPLACE FUNCTION refuse_change_while_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - make_interval(days => TG_ARGV[0]::int) THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
""",
    """
CREATE OR REPLACE FUNCTION refuse_change_when_final() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF OLD.state IN ('published', 'issued') THEN
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$
""",
)


def fence_statements() -> Iterator[str]:
    """Yield the DDL that fences every table: forced row-level security, grants, write-once triggers.

    The same policies for all tables: read when the acting organisation is owner or party, write when it is the owner.
    An unset acting organisation is an error, never an empty answer.
    """
    yield from _FUNCTIONS
    yield from each_owner_statements()
    for mapper in sorted(Model.registry.mappers, key=lambda mapper: mapper.class_.__tablename__):
        table = mapper.local_table
        if not isinstance(table, Table):
            raise TypeError(f"{mapper.class_.__name__} is no table")
        if issubclass(mapper.class_, Owned):
            yield from _tenant_fence(table.name)
            yield from _write_once(table.name, mapper.class_)
            if mapper.class_.counted_by_owner:
                yield f'CREATE POLICY census ON "{table.name}" FOR SELECT TO CURRENT_USER USING (true)'
        else:
            yield f'GRANT SELECT ON "{table.name}" TO {APP_ROLE}'


def _tenant_fence(name: str) -> Iterator[str]:
    yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{name}" TO {APP_ROLE}'
    yield f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY'
    acting = "(SELECT acting_organisation())"
    yield f'CREATE POLICY readers ON "{name}" FOR SELECT USING (owner_id = {acting} OR {acting} = ANY (party_ids))'
    yield f'CREATE POLICY adds ON "{name}" FOR INSERT WITH CHECK (owner_id = {acting})'
    yield f'CREATE POLICY changes ON "{name}" FOR UPDATE USING (owner_id = {acting}) WITH CHECK (owner_id = {acting})'
    yield f'CREATE POLICY removes ON "{name}" FOR DELETE USING (owner_id = {acting})'


def _write_once(name: str, kind: type[Owned]) -> Iterator[str]:
    if kind.append_only and kind.kept_days:
        yield (
            f'CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "{name}" '
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change_while_kept({kind.kept_days})"
        )
    elif kind.append_only:
        yield (
            f'CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "{name}" '
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    elif getattr(kind, "final_when_issued", False):
        yield (
            f'CREATE TRIGGER final_when_issued BEFORE UPDATE OR DELETE ON "{name}" '
            "FOR EACH ROW EXECUTE FUNCTION refuse_change_when_final()"
        )
