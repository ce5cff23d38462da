"""What the carrier may write in a proof by its word alone, and what not even its own key can change."""

from __future__ import annotations

import pytest

from server.delivery.cli.telling import OFFICE_WORD_KEYS, summary, words
from server.delivery.proofs import verify_proof
from server.delivery.proofs.words import OFFICE_WORD
from tests.browser.changed_proofs import command_check
from tests.factories.lies import SIGNED, Lie, lies
from tests.factories.lies import words as told
from tests.factories.proofs import SERVER_KEY

FOLLOWING = {"manifest_sha256", "doubts"}


@pytest.mark.parametrize("lie", lies(), ids=lambda lie: lie.name)
def test_the_carriers_own_key_cannot_seal_a_lie(lie: Lie) -> None:
    """M1, G9: another subject, entry, form, group, statement or key is refused at its step."""
    assert command_check(lie.payload) is lie.check


@pytest.mark.parametrize("word", told(), ids=lambda word: word.name)
def test_what_the_carrier_writes_changes_nothing_that_was_signed(word: Lie) -> None:
    """M1: the keys that ``office_word`` names, and no others, are the carrier's to write; the words say which."""
    before = verify_proof(SIGNED.file(), server_key=SERVER_KEY)
    after = verify_proof(word.payload, server_key=SERVER_KEY)
    one, other = summary(before), summary(after)
    changed = {key for key in one if one[key] != other[key]}
    assert changed <= {*OFFICE_WORD_KEYS, *FOLLOWING}
    assert OFFICE_WORD.fr in words(after, None)
