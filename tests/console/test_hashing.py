"""Many logins at once take the memory of two, and nobody waits without an end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY

from edgecv.console.accounts import passwords
from edgecv.console.accounts.hashing_queue import BusyError, HashingQueue
from edgecv.console.settings import HASHES_AT_ONCE, HASHES_WAITING


def test_passwords_are_hashed_with_the_low_memory_profile_of_rfc_9106(strong_hasher: PasswordHasher) -> None:
    assert strong_hasher._parameters == RFC_9106_LOW_MEMORY


def test_no_more_passwords_are_hashed_at_once_than_memory_is_there_for(
    monkeypatch: pytest.MonkeyPatch, strong_hasher: PasswordHasher
) -> None:
    hasher, lock, running, most = strong_hasher, threading.Lock(), 0, 0

    class Counted:
        def verify(self, kept: str, password: str) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            try:
                return hasher.verify(kept, password)
            finally:
                with lock:
                    running -= 1

    monkeypatch.setattr(passwords, "_hasher", Counted())
    kept = hasher.hash("correct horse battery")

    def log_in(_: int) -> bool | None:
        try:
            return passwords.verify_password(kept, "correct horse battery")
        except BusyError:
            return None

    with ThreadPoolExecutor(40) as pool:
        outcomes = list(pool.map(log_in, range(40)))
    assert most <= HASHES_AT_ONCE
    assert outcomes.count(True) >= HASHES_AT_ONCE + HASHES_WAITING
    assert False not in outcomes


def test_a_turn_is_free_again_after_it_failed() -> None:
    turns = HashingQueue(at_once=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError
    with turns.turn(), pytest.raises(BusyError), turns.turn():
        pass
