"""The container files: valid for Compose, no secret inside, nobody but the proxy in front, nobody root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from server.core.embedded.postgres import EmbeddedPostgres, find_pg_bin

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "deploy" / "example.env"
OURS = {"web", "worker", "backup", "upkeep", "migrate", "store", "store-setup"}


def composed(*, without: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.fail("docker-compose is missing: « make system » installs it, or the file stays unchecked")
    names = re.findall(r"^([A-Z0-9_]+)=", EXAMPLE.read_text(), flags=re.MULTILINE)
    values = {
        name: "1025" if name.endswith("_PORT") else f"value-of-{name.lower()}" for name in names if name != without
    }
    with tempfile.NamedTemporaryFile("w", suffix=".env") as filled:
        filled.writelines(f"{name}={value}\n" for name, value in values.items())
        filled.flush()
        command = [program, "--env-file", filled.name, "--profile", "trial", "--profile", "backup"]
        command += ["--profile", "upkeep", "config"]
        plain = {"PATH": os.environ["PATH"], "HOME": filled.name}
        return subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    done = composed()
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["services"]


def test_compose_accepts_the_file(services: dict[str, Any]) -> None:
    """Issue: web, worker, PostgreSQL, S3 store, reverse proxy, valid for Compose; a mail catcher for trials."""
    assert set(services) == {"proxy", "database", "mail"} | OURS
    assert "postgres:18" in services["database"]["image"]


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "TOURNEE_APP_PASSWORD", "TOURNEE_S3_SECRET_KEY", "TOURNEE_HOST"])
def test_a_missing_secret_is_said_before_anything_starts(name: str) -> None:
    """Issue: bad input gets a clear answer: what, where, what to do."""
    done = composed(without=name)
    assert done.returncode != 0
    assert name in done.stderr
    assert "deploy/example.env" in done.stderr


def test_the_example_holds_names_and_no_secret() -> None:
    """Platform: secrets come from the environment, never from a committed file."""
    values = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", EXAMPLE.read_text(), flags=re.MULTILINE))
    assert {name: value for name, value in values.items() if value} == {"TOURNEE_SMTP_PORT": "25"}


def test_only_the_proxy_faces_the_world(services: dict[str, Any]) -> None:
    """Platform: the store's filer and the database are never reachable by others."""
    published = {name: [str(port) for port in one["ports"]] for name, one in services.items() if one.get("ports")}
    assert set(published) == {"proxy", "mail"}
    assert "127.0.0.1" in str(published["mail"])
    assert {name for name in ("database", "store") if "front" in services[name]["networks"]} == set()


def test_each_container_gets_only_its_own_secrets(services: dict[str, Any]) -> None:
    """Platform: the role that owns the schema is used by migrations, and by what goes through all organisations."""
    holders = {name for name, one in services.items() if "tournee_owner_password" in str(one.get("environment"))}
    assert holders == {"database", "migrate", "upkeep"}
    superusers = {name for name, one in services.items() if "value-of-postgres_password" in str(one.get("environment"))}
    assert superusers == {"database", "backup"}


def test_a_backup_has_what_it_needs_and_a_place_that_lasts(services: dict[str, Any]) -> None:
    """Platform: root's file system is read-only and /tmp is memory: copies, objects and keys go through volumes."""
    backup = services["backup"]
    told, mounted = backup["environment"], {place: name for name, place, _way in map(_split, backup["volumes"])}
    assert backup["command"] == ["tournee", "backup"]
    assert mounted[told["TOURNEE_BACKUPS_PATH"]] == mounted[told["TMPDIR"]] == "backups"
    assert mounted[told["TOURNEE_SECRETS_PATH"]] == "secrets"
    assert told["TOURNEE_BACKUP_DATABASE_URL"].endswith(":value-of-postgres_password@database/tournee")
    assert told["TOURNEE_S3_SECRET_KEY"] == services["web"]["environment"]["TOURNEE_S3_SECRET_KEY"]
    assert backup["restart"] == "no"
    made = (ROOT / "deploy" / "Dockerfile").read_text()
    assert all(folder in made for folder in mounted)


def test_half_sent_files_lie_in_a_volume_that_lasts(services: dict[str, Any]) -> None:
    """G7, limits: a chunk is on disk before its answer; root's file system is read-only, and the worker sweeps."""
    made = (ROOT / "deploy" / "Dockerfile").read_text()
    for name in ("web", "worker"):
        mounted = {place: volume for volume, place, _way in map(_split, services[name]["volumes"])}
        assert mounted[services[name]["environment"]["TOURNEE_STORE_PATH"]] == "uploads"
        assert all(folder in made for folder in mounted)


def test_retention_has_what_it_needs(services: dict[str, Any]) -> None:
    """Retention: pictures of every organisation go, their proofs are sealed anew by the office's key."""
    upkeep, web = services["upkeep"], services["web"]
    assert upkeep["command"] == ["tournee", "retention", "run"]
    assert [place for _name, place, _way in map(_split, upkeep["volumes"])] == [
        upkeep["environment"]["TOURNEE_SECRETS_PATH"]
    ]
    assert web["environment"].items() <= upkeep["environment"].items()
    assert "TOURNEE_OWNER_DATABASE_URL" in upkeep["environment"]
    assert upkeep["restart"] == "no"


def _split(volume: str) -> list[str]:
    return volume.split(":")


def test_the_manual_names_services_and_volumes_that_are_there(services: dict[str, Any]) -> None:
    """Platform: the commands of docs/operations.md speak of this file."""
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    chapter = manual.partition("## With `docker compose`")[2].partition("\n## ")[0]
    assert chapter
    named = re.findall(r"run --rm (?:--no-deps |-T |--user \S+ |--volume \S+ |--entrypoint \S+ )*([a-z-]+)", chapter)
    assert {"backup", "upkeep"} <= set(named)
    assert set(named) <= set(services)
    volumes = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["volumes"]
    used = re.findall(r"tournee_([a-z]+)", chapter)
    assert set(used) <= set(volumes)


def test_our_containers_cannot_change_themselves(services: dict[str, Any]) -> None:
    """Platform: containers run as non-root with tini, on a read-only file system, without capabilities."""
    for name in OURS:
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith(("USER", "ENTRYPOINT"))] == [
        "USER tournee",
        'ENTRYPOINT ["tini", "--"]',
    ]


def test_every_lasting_service_is_watched(services: dict[str, Any]) -> None:
    """Platform: health checks decide who may start and who is started again."""
    lasting = {name for name, one in services.items() if one.get("restart") != "no"} - {"mail"}
    assert lasting == {"proxy", "web", "worker", "database", "store"}
    assert {name for name in lasting if "healthcheck" not in services[name]} == set()


def test_the_database_script_makes_roles_that_cannot_pass_the_fences(tmp_path: Path) -> None:
    """Platform: the app role is neither owner nor superuser; the script runs on a real PostgreSQL 18."""
    roles = {"tournee_owner": "TOURNEE_OWNER_PASSWORD", "tournee_app": "TOURNEE_APP_PASSWORD"}
    with EmbeddedPostgres(tmp_path / "postgres", options={"fsync": "off"}) as address:
        environment = {name: address.password_of(role) for role, name in roles.items()}
        environment |= {"PATH": f"{find_pg_bin()}:/usr/bin:/bin", "TOURNEE_STORE_PASSWORD": "store's"}
        environment |= {"PGHOST": address.host, "PGPASSWORD": address.password, "PGDATA": str(tmp_path)}
        subprocess.run([ROOT / "deploy" / "postgres" / "roles.sh"], env=environment, check=True)
        with psycopg.connect(address.conninfo("tournee", "tournee_app")) as connection:
            powers = connection.execute(
                "SELECT rolname, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole FROM pg_roles"
                " WHERE rolname LIKE 'tournee%' ORDER BY 1"
            ).fetchall()
            owner = connection.execute(
                "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
            )
            assert owner.fetchone() == ("tournee_owner",)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(address.conninfo("tournee_store", "tournee_app"))
    assert (tmp_path / "pg_hba.conf").read_text() == "host replication postgres samenet scram-sha-256\n"
    assert powers == [("tournee_app", False), ("tournee_owner", False), ("tournee_store", False)]
