"""A plugin of pytest: no test waits for ever, also not where pytest-timeout has stopped its clock.

pytest-timeout rings once, and any failure stops its clock. So a stack that is unwound through a thread pool whose
thread hangs, or a teardown after a failed assertion, would wait until somebody ends the run. Here the bell rings again
every ``AFTERMATH_S`` until the test is torn down, and a process that hears no bell, because it waits inside of foreign
code, writes the stacks of its threads and ends.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Generator
from typing import Any, Final

import pytest
from pytest_timeout import _get_item_settings

AFTERMATH_S: Final = float(os.environ.get("TOURNEE_TEST_AFTERMATH_S", "120"))
"""How long a test that failed may take to be torn down, and how long what was interrupted may go on waiting."""
DEAF_S: Final = 5 * AFTERMATH_S
"""How long after its time a process may hear no bell before it is ended."""
_words = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep a way to say something that no capture swallows."""
    config.stash[_words] = os.dup(2)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give it back."""
    os.close(config.stash[_words])
    del config.stash[_words]


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Generator[None, Any, Any]:
    """Ring again after the first time, and end a process that does not hear it."""
    done = yield
    if settings.method == "signal" and threading.current_thread() is threading.main_thread():
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, AFTERMATH_S)
    faulthandler.dump_traceback_later(settings.timeout + DEAF_S, file=item.config.stash[_words], exit=True)
    return done


@pytest.hookimpl(wrapper=True)
def pytest_timeout_cancel_timer() -> Generator[None, Any, Any]:
    """Stop both clocks."""
    done = yield
    faulthandler.cancel_dump_traceback_later()
    return done


@pytest.hookimpl(wrapper=True)
def pytest_exception_interact(node: Any) -> Generator[None, Any, Any]:
    """A failure has stopped the clock: start it again for what is still to be torn down."""
    done = yield
    if isinstance(node, pytest.Item):
        settings = _get_item_settings(node)._replace(timeout=AFTERMATH_S)
        node.config.hook.pytest_timeout_set_timer(item=node, settings=settings)
    return done
