"""The command line and the web server that it starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import click
import pytest

from server.cli.usage import as_problem
from server.cli.web_server import WebServer
from server.core.problems import BadRequest, Text, say_problem

TOURNEE = [sys.executable, "-c", "from server.cli import main; main()"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOURNEE, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment
    )


def test_help_names_the_commands() -> None:
    """Commands: what is there is listed."""
    said = run("--help")
    assert said.returncode == 0
    assert {"migrate", "openapi", "serve", "worker"} <= set(said.stdout.split())


def test_a_problem_is_said_in_both_languages_and_ends_with_2() -> None:
    """Bad input, everywhere: what, where and what to do."""
    said = run("openapi", TOURNEE_SMTP_PORT="many")
    assert said.returncode == 2
    assert "La valeur «\u00a0many\u00a0» ne convient pas." in said.stderr
    assert "The value “many” does not fit. (TOURNEE_SMTP_PORT)" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("words", "fr", "en"),
    [
        ("verify /nonexistent", "Ce fichier est absent ou illisible.", "This file is missing or cannot be read."),
        (
            "ledger check --store x",
            "La valeur de --store ne convient pas\u00a0: choisissez local ou s3.",
            "local or s3.",
        ),
        (
            "keys revoke",
            "Il manque NAME. Voyez «\u00a0tournee keys revoke --help\u00a0».",
            "NAME is missing. See “tournee",
        ),
        ("leger", "La commande leger n’existe pas.", "The command leger does not exist."),
    ],
)
def test_a_command_that_cannot_be_read_is_refused_in_both_languages(words: str, fr: str, en: str) -> None:
    """Bad input, everywhere: French first, then English, with what, where and what to do; exit code 2."""
    said = run(*words.split())
    assert (said.returncode, said.stdout) == (2, "")
    french, english = said.stderr.splitlines()
    assert fr in french
    assert en in english


@pytest.mark.parametrize(
    ("error", "fr"),
    [
        (click.NoSuchOption("--kex", possibilities=["--key"]), "L’option --kex n’existe pas. Vouliez-vous dire --key"),
        (click.BadOptionUsage("--out", "Option '--out' requires an argument."), "L’option --out n’a pas les valeurs"),
        (click.UsageError("Got unexpected extra argument (b)"), "De trop\u00a0: b."),
        (click.BadParameter("la clé · the key", param_hint="--key"), "--key\u00a0: la clé."),
        (click.BadParameter("x", param=click.Option(["--n"], type=click.IntRange(0, 9))), "donnez un nombre, 0 … 9."),
    ],
)
def test_no_word_of_the_french_refusal_is_english(error: click.UsageError, fr: str) -> None:
    """Bad input, everywhere: what the command line's library says in English is said by the kind of fault."""
    detail = as_problem(error).detail
    assert fr in detail.fr
    assert {"option", "argument", "value", "unexpected", "requires"}.isdisjoint(detail.fr.split())


def test_a_problem_without_a_place_reads_well() -> None:
    """Bad input, everywhere: one line a language."""
    assert say_problem(BadRequest(Text("Non.", "No."))).splitlines() == [
        "Demande illisible\u00a0: Non.",
        "Unreadable request: No.",
    ]


def test_a_migrated_database_stays_as_it_is(database: object) -> None:
    """Commands: ``tournee migrate`` twice changes nothing."""
    said = run("migrate")
    assert (said.returncode, said.stderr.count("Traceback")) == (0, 0)
    assert "schema up to date" in said.stdout


def test_the_server_answers_on_another_port_when_the_wanted_is_taken(database: object) -> None:
    """Commands: ports are configurable, and free ones chosen when taken; SIGTERM ends everything in order."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        command = [*TOURNEE, "serve", "--port", str(wanted), "--workers", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
            assert running.stdout is not None
            url = running.stdout.readline().split()[0]
            assert not url.endswith(f":{wanted}")
            with urllib.request.urlopen(f"{url}/healthz") as answer:
                assert answer.status == 200
            running.send_signal(signal.SIGTERM)
        assert running.returncode == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/healthz")


def test_pages_and_tablets_are_told_the_address_that_listens(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands: a chosen port stands in enrolment codes, too, unless a public address is named."""
    monkeypatch.delenv("TOURNEE_PUBLIC_URL", raising=False)
    with WebServer(port=0, workers=1) as server:
        with urllib.request.urlopen(f"{server.url}/readyz") as answer:
            assert answer.status == 200
        assert str(server.port) in server.url
