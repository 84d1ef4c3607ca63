from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from edgecv.errors import ConfigError
from edgecv.evidence.keys import BoxKey, load_public_key

KEY = BoxKey(Ed25519PrivateKey.generate())


def test_a_key_is_made_once_and_then_found_again(tmp_path: Path) -> None:
    made = BoxKey.load_or_create(tmp_path / "state")
    found = BoxKey.load_or_create(tmp_path / "state")
    assert made.key_id == found.key_id
    assert found.public.verify(made.sign(b"evidence"), b"evidence")
    assert {p.name for p in (tmp_path / "state").iterdir()} == {"box.key", "box.pub"}


def test_only_the_owner_can_read_the_key_and_all_can_read_the_public_one(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        BoxKey.load_or_create(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "box.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "box.pub").stat().st_mode & 0o777 == 0o644


def test_the_id_is_the_hash_of_the_raw_public_key(tmp_path: Path) -> None:
    key = BoxKey.load_or_create(tmp_path)
    raw = load_pem_public_key((tmp_path / "box.pub").read_bytes()).public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert key.key_id == hashlib.sha256(raw).hexdigest()[:16] == load_public_key(tmp_path / "box.pub").key_id


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from edgecv.evidence.keys import BoxKey; sys.stdin.read(1); "
        "print(BoxKey.load_or_create(Path(sys.argv[1])).key_id)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:  # all have imported what they need when the last has been started
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    ids = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert ids == {BoxKey.load_or_create(tmp_path).key_id}
    assert {p.name for p in tmp_path.iterdir()} == {"box.key", "box.pub"}


def test_the_quicker_process_wins_and_nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    theirs = BoxKey.load_or_create(other)
    link = os.link

    def slower(source: Path, target: Path) -> None:
        (tmp_path / "box.key").write_bytes((other / "box.key").read_bytes())
        link(source, target)

    monkeypatch.setattr("os.link", slower)
    assert BoxKey.load_or_create(tmp_path).key_id == theirs.key_id
    assert load_public_key(tmp_path / "box.pub").key_id == theirs.key_id
    assert {p.name for p in tmp_path.iterdir()} == {"box.key", "box.pub", "other"}


def test_a_power_cut_while_the_key_is_made_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(_file: int) -> None:
        raise OSError(5, "power cut")

    with monkeypatch.context() as patched, pytest.raises(ConfigError, match="power cut"):
        patched.setattr("os.fsync", power_cut)
        BoxKey.load_or_create(tmp_path)
    assert not (tmp_path / "box.key").exists()
    BoxKey.load_or_create(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"box.key", "box.pub"}


def test_the_public_key_that_lies_there_is_made_to_fit(tmp_path: Path) -> None:
    key = BoxKey.load_or_create(tmp_path)
    (tmp_path / "box.pub").write_bytes(KEY.public_pem)
    assert BoxKey.load_or_create(tmp_path).key_id == key.key_id
    assert load_public_key(tmp_path / "box.pub").key_id == key.key_id


def _encrypted() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize("content", [b"", b"not a key", KEY.public_pem, _encrypted()])
def test_a_box_key_that_is_none_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "box.key").write_bytes(content)
    with pytest.raises(ConfigError, match=r"box\.key: is not the box's key") as told:
        BoxKey.load_or_create(tmp_path)
    assert "\n" not in str(told.value)
    assert (tmp_path / "box.key").read_bytes() == content


def test_a_private_key_given_for_a_public_one_is_refused_without_showing_it(tmp_path: Path) -> None:
    BoxKey.load_or_create(tmp_path)
    with pytest.raises(ConfigError, match="is a private key") as told:
        load_public_key(tmp_path / "box.key")
    secret = (tmp_path / "box.key").read_text().splitlines()[1]
    assert secret not in str(told.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a public key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is not a public key in PEM"),
        (
            X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "no Ed25519",
        ),
    ],
)
def test_a_wrong_public_key_is_told_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "wrong.pub"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as told:
        load_public_key(path)
    assert str(told.value).startswith(f"{path}: ")
    assert "\n" not in str(told.value)


def test_a_missing_public_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_public_key(tmp_path / "box.pub")


@given(st.binary(max_size=300), st.binary(max_size=80), st.integers(0, 63), st.integers(1, 255))
def test_no_other_signature_and_no_other_bytes_pass(data: bytes, junk: bytes, at: int, flip: int) -> None:
    signature = bytearray(KEY.sign(data))
    assert KEY.public.verify(bytes(signature), data)
    assert not KEY.public.verify(bytes(signature), data + b"x")
    signature[at] ^= flip
    assert not KEY.public.verify(bytes(signature), data)
    assert not KEY.public.verify(junk, data)
