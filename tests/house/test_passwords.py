"""Passwords: salted, slow, and honest about what is no hash."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmkit import passwords
from gmkit.passwords import BadPassword, check_password, hash_password

KNOWN = "scrypt$15$8$1$c3Nzc3Nzc3Nzc3Nzc3Nzcw==$9izW0B+fVnOfeNy0UdOLSON9EHLhhuSw1gM13ZX49Ng="


@pytest.mark.parametrize("password", ["correct horse", "密码密码密码密码", "x" * 1024])
def test_only_the_password_fits_its_hash(password: str) -> None:
    hashed = hash_password(password)
    assert check_password(password, hashed)
    assert not check_password(password[:-1] + "?", hashed)
    assert not check_password("", hashed)


def test_the_same_password_is_hashed_differently_each_time() -> None:
    assert hash_password("correct horse") != hash_password("correct horse")


def test_the_hash_does_not_hold_the_password() -> None:
    assert "correct" not in hash_password("correct horse")


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_too_short_and_absurdly_long_ones_are_refused(password: str) -> None:
    with pytest.raises(BadPassword, match="8 to 1024"):
        hash_password(password)


def test_a_known_hash_stays_good() -> None:
    """Accounts outlive releases: the parameters are read from the text."""
    assert check_password("correct horse", KNOWN)
    assert hash_password("correct horse", salt=lambda size: b"s" * size) == KNOWN


@pytest.mark.parametrize(
    "hashed",
    [
        None,
        "",
        "correct horse",
        "scrypt$15$8$1$$",
        "scrypt$30$8$1$AAAA$AAAA",
        KNOWN.replace("$15$8$", "$17$16$"),  # more memory than a try may take
        "bcrypt$1$1$1$A$A",
    ],
)
def test_what_is_no_hash_fits_nothing_and_takes_as_long(
    hashed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[tuple[int, ...]] = []
    real = passwords._digest

    def watched(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
        costs.append((cost, block, lanes))
        return real(password, salt, cost, block, lanes)

    monkeypatch.setattr(passwords, "_digest", watched)
    assert not check_password("correct horse", hashed)
    assert costs == [(15, 8, 1)]


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="scrypt$158=A+/\0é", max_size=60))
def test_no_text_as_a_hash_raises(hashed: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_digest", lambda *a: b"\0" * 32)
        check_password("correct horse", hashed)


def test_generated_passwords_are_long_enough_and_differ() -> None:
    assert len(passwords.generate()) >= 16
    assert passwords.generate() != passwords.generate()
