"""Each e-mail reads as it did when someone last read it, in French and English.

The letters beside this file are written anew by ``python -m tests.golden.emails.letters``; read them before they are
committed.
"""

from __future__ import annotations

import pytest

from server.core.settings import PREFIX, reload_settings
from server.notifications.choosing import BY_PREFIX, event_of
from server.notifications.following.jobs import tell_fact
from server.notifications.following.subjects import SUBJECTS
from server.notifications.following.table import TABLE
from server.subscriptions import REACTIONS
from tests.golden.emails.letters import FOLDER, LANGUAGES, SETTINGS, letters, news_by_letter, told_by_letter


@pytest.fixture(autouse=True)
def own_house(tmp_path, monkeypatch):
    """Settings of the letters; the secrets that their tokens are derived under are of this test alone."""
    for name, value in (SETTINGS | {"SECRETS_PATH": str(tmp_path)}).items():
        monkeypatch.setenv(PREFIX + name, value)
    reload_settings()
    yield
    monkeypatch.undo()
    reload_settings()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_email_reads_as_it_did(language):
    """R073, R116: no word, amount, date or link of an e-mail changes without someone having read it."""
    written = letters(language)
    kept = {path.stem.removesuffix(f"-{language}"): path for path in FOLDER.glob(f"*-{language}.txt")}
    assert set(kept) == set(written)
    differ = [name for name, told in written.items() if kept[name].read_text(encoding="utf-8") != told]
    assert differ == []


def test_every_line_that_writes_mail_has_its_letter():
    """R073, R116: a new kind of news fails here until its e-mail is written down; two jobs write beside the table."""
    lines = {(fact, place) for fact, told in TABLE.items() for place in range(len(told))}
    written = {(fact, place) for fact, place, _subject in told_by_letter().values()}
    assert lines - written == set()
    telling = {task.name.rpartition(".")[2] for tasks in REACTIONS.values() for task in tasks}
    assert {name for name in telling if name.startswith("tell_")} == {"tell_fact", "tell_invitation", "tell_set_aside"}


def test_a_letter_is_of_a_state_in_which_it_is_sent():
    """R064, C15: no letter stands for a state in which nobody would get it."""
    for name, (fact, place, subject) in told_by_letter().items():
        line = TABLE[fact][place]
        assert not line.when or subject.state in line.when, name


def test_every_fact_of_the_table_is_told_and_can_be_switched():
    """Notifications: a row has its reaction, its subject and its switch, and no switch is idle."""
    told = {name for name, tasks in REACTIONS.items() if tell_fact in tasks}
    assert told == set(TABLE) == set(SUBJECTS)
    kinds = [line.kind for lines in TABLE.values() for line in lines]
    kinds += [news.kind for news in news_by_letter().values()]
    heard = {kind: event_of(kind) for kind in kinds}
    assert [kind for kind, event in heard.items() if event is None] == []
    assert {event.prefix for event in heard.values()} == set(BY_PREFIX)


def test_no_letter_says_what_only_programs_write():
    """Platform: dates and amounts are written for people, and nothing is left to be filled in."""
    for path in FOLDER.glob("*.txt"):
        said = path.read_text(encoding="utf-8").split("\n\n", 1)[1].split("\n-- \n")[0]
        for mark in ("2026-", "{", "}", "None", "Text("):
            assert mark not in said.replace("F-2026-", "").replace("N-2026-", ""), (path.name, mark)
