"""Which names mean a secret and which only look so; and that what stands behind one is masked in any header."""

from __future__ import annotations

import pytest

from simulator.engine.masking import COMMON


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("curl --password Zq9hunter22secret", "curl --password ***cret"),
        ("--password Zq9hunter22secret", "--password ***cret"),
        ("tool --api-key Zq9hunter22secret --fast", "tool --api-key ***cret --fast"),
        ("curl -u user:Zq9hunter22secret", "curl -u user:***cret"),
        ("curl -uuser:Zq9hunter22secret", "curl -uuser:***cret"),
        ("password: Zq9hunter22secret", "password: ***cret"),
        ("password:Zq9hunter22secret", "password:***cret"),
        ("token: Zq9hunter22secret", "token: ***cret"),
        ("api_key:Zq9hunter22secret", "api_key:***cret"),
        ("pwd:Zq9hunter22secret", "pwd:***cret"),
        ("cvv:123", "cvv:***"),
        ("<token>Zq9hunter22secret</token>", "<token>***cret</token>"),
        ("en-US, a pass -- and a secret: none", None),
    ],
)
@pytest.mark.parametrize("name", ["X-Note", "User-Agent"])
def test_the_value_of_any_header_is_masked_though_no_other_header_is_odd(
    name: str, value: str, shown: str | None
) -> None:
    sent = {"Host": "localhost:8080", "Accept-Language": "en-US", name: value}

    assert COMMON.headers_of(sent) == {**sent, name: value if shown is None else shown}


@pytest.mark.parametrize(
    "name",
    [
        "password_confirmation", "passwordConfirmation", "passwordConfirm", "password_confirm", "password_repeat",
        "PASSWORD-REPEAT", "password1", "password2", "password_2", "userPassword2", "clientSecret1", "api_key2", "pass2", "pin1",
        "cvvCode", "cvc_code", "cvv_number", "cvcNumber", "otpCode", "otp_code", "privateKeyPem", "private_key_pem", "hmac_key",
        "aesKey", "secret_value", "passcode", "userPasscode", "db_pass", "dbPass", "smtp_pass", "cav2", "cvv2",
    ],
)  # fmt: skip
def test_a_name_of_a_secret_may_say_more_behind_it(name: str) -> None:
    assert COMMON.body(f'{{"{name}":"Zq9hunter22","a":1}}'.encode()) == f'{{"{name}":"***er22","a":1}}'.encode()
    assert COMMON.body(rf'{{"x":"{{\"{name}\":\"Zq9hunter22\"}}"}}'.encode()).count(b"Zq9") == 0
    assert COMMON.body(f"{name}=Zq9hunter22&a=1".encode()) == f"{name}=***er22&a=1".encode()
    assert COMMON.query(f"a=1&{name}=Zq9hunter22") == f"a=1&{name}=***er22"
    assert COMMON.body(f"<{name}>Zq9hunter22</{name}>".encode()) == f"<{name}>***er22</{name}>".encode()


@pytest.mark.parametrize(
    "name",
    [
        "pincode", "pin_code", "pinCode1", "card_number", "pass_through", "passthrough", "bypass", "country_code", "number",
        "value", "code", "confirmation", "order_confirmation", "public_key_pem", "passport1", "nextToken", "next_token",
        "pageToken", "next_page_token", "nextPageToken", "continuation_token", "max_tokens", "maxTokens", "spin1",
    ],
)  # fmt: skip
def test_names_that_only_look_like_those_of_secrets_are_none(name: str) -> None:
    for sent in (f'{{"{name}":"Zq9hunter22","a":1}}', f"{name}=Zq9hunter22&a=1", f"<{name}>Zq9hunter22</{name}>"):
        assert COMMON.text(sent) == sent
    assert COMMON.query(f"{name}=Zq9hunter22") == f"{name}=Zq9hunter22"
    assert COMMON.text(f"tool --{name} Zq9hunter22") == f"tool --{name} Zq9hunter22"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"max_tokens": 100,"total_tokens":7}', None),
        ('{"tokens":12}', None),
        (r'{"x":"{\"completion_tokens\":100}"}', None),
        ('{"tokens":"12"}', '{"tokens":"***"}'),
        ('{"tokens":1234567890}', '{"tokens":"***"}'),
        ('{"tokens":12ab}', '{"tokens":"***"}'),
        ('{"token":12}', '{"token":"***"}'),
    ],
)
def test_a_number_of_tokens_is_no_secret(sent: str, kept: str | None) -> None:
    assert COMMON.text(sent) == (sent if kept is None else kept)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("time -u 10:30", None),
        ("date -u 9:05:30 now", None),
        ("curl -u 10:30a", "curl -u 10:***"),
        ("curl -u 100123:482913", "curl -u 100123:***"),
        ("curl --user 10:30", "curl --user 10:***"),
    ],
)
def test_a_time_behind_an_option_is_no_user_with_a_password(sent: str, kept: str | None) -> None:
    assert COMMON.text(sent) == (sent if kept is None else kept)
