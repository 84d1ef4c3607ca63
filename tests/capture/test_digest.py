"""Answers to digest challenges, by the examples of the standards."""

from __future__ import annotations

import hashlib
import re

import pytest

from edgecv.capture.digest import Answer, challenge_of, is_known, strongest

NONCE_7616 = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CLIENT_7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def field(header: str, name: str) -> str:
    match = re.search(rf'\b{name}="?([^",]*)"?', header)
    return "" if match is None else match[1]


def response(header: str) -> str:
    return field(header, "response")


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_section_3_9_1(algorithm: str, expected: str) -> None:
    challenge = challenge_of(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE_7616}", '
        f'opaque="{OPAQUE}"'
    )
    answer = Answer(challenge, "Mufasa", "Circle of Life", CLIENT_7616).authorization("GET", "/dir/index.html")
    assert response(answer) == expected
    assert field(answer, "opaque") == OPAQUE
    assert "algorithm=" + algorithm in answer and "qop=auth" in answer and "nc=00000001" in answer


def test_the_example_of_rfc_2617_section_3_5() -> None:
    challenge = challenge_of(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    )
    answer = Answer(challenge, "Mufasa", "Circle Of Life", "0a4f113b").authorization("GET", "/dir/index.html")
    assert response(answer) == "6629fae49393a05397450978507c4ef1"


def test_without_qop_the_answer_is_that_of_rfc_2069() -> None:
    """Its own example, with the answer of erratum 749."""
    challenge = challenge_of('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    answer = Answer(challenge, "Mufasa", "CircleOfLife").authorization("GET", "/dir/index.html")
    assert response(answer) == "1949323746fe6a43ef61f9606e7febea"
    assert "cnonce" not in answer


def test_a_session_s_secret_holds_both_nonces() -> None:
    challenge = challenge_of('Digest realm="r", nonce="n", algorithm=SHA-256-sess, qop="auth"')
    assert challenge.is_session and challenge.algorithm == "SHA-256"

    def hashed(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    secret = hashed(hashed("u:r:p") + ":n:c")
    expected = hashed(f"{secret}:n:00000001:c:auth:{hashed('DESCRIBE:rtsp://h/x')}")
    answer = Answer(challenge, "u", "p", "c").authorization("DESCRIBE", "rtsp://h/x")
    assert response(answer) == expected
    assert "algorithm=SHA-256-sess" in answer


def test_each_request_is_counted() -> None:
    answer = Answer(challenge_of('Digest realm="r", nonce="n", qop="auth"'), "u", "p")
    counts = [field(answer.authorization("GET", "/"), "nc") for _ in range(3)]
    assert counts == ["00000001", "00000002", "00000003"]


def test_the_user_is_hashed_where_that_is_asked_for() -> None:
    challenge = challenge_of('Digest realm="r", nonce="n", algorithm=SHA-256, userhash=true')
    answer = Answer(challenge, "Jäsøn Doe", "p").authorization("GET", "/")
    assert field(answer, "username") == hashlib.sha256("Jäsøn Doe:r".encode()).hexdigest()
    assert "userhash=true" in answer


def test_quotes_in_a_realm_are_read_and_written() -> None:
    challenge = challenge_of(r'Digest realm="a \"good\" camera", nonce="n"')
    assert challenge.fields["realm"] == 'a "good" camera'
    assert r'realm="a \"good\" camera"' in Answer(challenge, "u", "p").authorization("GET", "/")


def test_the_strongest_known_challenge_is_answered() -> None:
    headers = ['Basic realm="r"', 'Digest realm="r", nonce="n"', 'Digest realm="r", nonce="n", algorithm=SHA-256']
    chosen = strongest(challenge_of(header) for header in headers)
    assert chosen is not None and chosen.algorithm == "SHA-256"
    assert strongest([challenge_of('Digest realm="r", nonce="n", algorithm=SHA3-512')]) is None


@pytest.mark.parametrize(
    "header", ["", "Digest", "Digest ,,,=", 'Digest nonce="', "Bearer x", f"Digest algorithm={9999 * 'X'}"]
)
def test_what_is_no_challenge_is_no_challenge(header: str) -> None:
    assert not is_known(challenge_of(header))
