"""Settings from the environment and from a file; whatever cannot be used is named."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from simulator.surface.settings import Settings, from_environment, with_options


def test_without_anything_it_listens_on_this_machine_only() -> None:
    settings = from_environment({})

    assert settings == Settings()
    assert (settings.host, settings.port, settings.is_loopback) == ("127.0.0.1", 8080, True)
    assert settings.base_url == "http://localhost:8080"


def test_variables_are_typed_and_keys_go_to_their_provider() -> None:
    environ = {
        "PSP_SIMULATOR_PORT": "9000",
        "PSP_SIMULATOR_STRICT": "yes",
        "PSP_SIMULATOR_LAN": "0",
        "PSP_SIMULATOR_ACME_API_KEY": "key_mine",
        "PSP_SIMULATOR_ACME_MERCHANT_ID": "merch_mine",
        "HOME": "/somewhere",
    }

    settings = from_environment(environ)

    assert (settings.port, settings.strict, settings.lan) == (9000, True, False)
    assert settings.credentials == {"acme": {"api_key": "key_mine", "merchant_id": "merch_mine"}}


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "eighty", "PSP_SIMULATOR_PORT: 'eighty' is not a number from 0 to 65535"),
        ("PORT", "99999", "PSP_SIMULATOR_PORT: '99999' is not a number from 0 to 65535"),
        ("PORT", "-1", "PSP_SIMULATOR_PORT: '-1' is not a number from 0 to 65535"),
        ("PORT", "9" * 5000, f"PSP_SIMULATOR_PORT: '{'9' * 99}… is not a number from 0 to 65535"),
        ("WORKERS", "0", "PSP_SIMULATOR_WORKERS: '0' is not a number from 1 to 64"),
        ("STRICT", "maybe", "PSP_SIMULATOR_STRICT: 'maybe' is neither yes nor no"),
        ("AUTO_RETURN", "31", "PSP_SIMULATOR_AUTO_RETURN: '31' is neither off nor a number from 0 to 30"),
        ("AUTO_RETURN", "soon", "PSP_SIMULATOR_AUTO_RETURN: 'soon' is neither off nor a number from 0 to 30"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_variable(name: str, value: str, complaint: str) -> None:
    with pytest.raises(ValueError) as error:
        from_environment({f"PSP_SIMULATOR_{name}": value})

    assert str(error.value) == complaint


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("30", 30), ("off", None)])
def test_the_way_back_to_the_shop_is_a_number_of_seconds_or_off(
    tmp_path: Path, value: str, seconds: int | None
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f"auto_return: {value}\n")

    assert from_environment({"PSP_SIMULATOR_AUTO_RETURN": value}).auto_return == seconds
    assert from_environment({"PSP_SIMULATOR_CONFIG": str(file)}).auto_return == seconds


def test_an_empty_variable_counts_as_not_set() -> None:
    """Compose files pass variables on that nobody has set."""
    environ = {"PSP_SIMULATOR_ADMIN_TOKEN": "", "PSP_SIMULATOR_PORT": "", "PSP_SIMULATOR_ACME_API_KEY": ""}

    assert from_environment(environ) == Settings()


def test_a_file_is_read_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("port: 9000\nstrict: true\ncredentials:\n  acme: {api_key: key_file, merchant_id: merch_file}\n")

    settings = from_environment(
        {
            "PSP_SIMULATOR_CONFIG": str(file),
            "PSP_SIMULATOR_PORT": "9001",
            "PSP_SIMULATOR_ACME_API_KEY": "key_environment",
        }
    )

    assert (settings.port, settings.strict) == (9001, True)
    assert settings.credentials["acme"] == {"api_key": "key_environment", "merchant_id": "merch_file"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("prot: 9000\n", "'prot' is not a setting; known are admin_token, allow_host, auto_return, "),
        ("credentials: 5\n", "credentials: must be a mapping"),
        ("credentials: [1]\n", "credentials: must be a mapping"),
        ("credentials: []\n", "credentials: must be a mapping"),
        ("credentials: {5: {a: b}}\n", "credentials: 5 is not a name"),
        ("credentials: {acme: {5: b}}\n", "credentials.acme: 5 is not a name"),
        ("credentials: {acme: null}\n", "credentials.acme: must be a mapping"),
        ("5: 6\nprot: 7\n", "5 is not a setting"),
        ("false\n", "must be a mapping of settings"),
        ("host: null\n", "host: None is not a text"),
        ("db: [a]\n", "db: ['a'] is not a text"),
        ("admin_token: 0x1F\n", "admin_token: 31 is not a text (a number that is one stands in quotes)"),
        ("trust: {a: b}\n", "trust: {'a': 'b'} is not a text"),
        ("port: null\n", "port: None is not a number from 0 to 65535"),
        ("port: true\n", "port: True is not a number from 0 to 65535"),
        ("auto_return: null\n", "auto_return: None is neither off nor a number"),
        ("allow_host: [null]\n", "allow_host: None is not the name of a host"),
        ("db: 2026-13-45\n", "is no YAML"),
        ("db: !!timestamp x\n", "is no YAML"),
        ("db: !!int ''\n", "is no YAML"),
        ("[" * 5000, "is no YAML"),
        ("port: nine\n", "port: 'nine' is not a number"),
        ("allow_host: http://shop.example\n", "allow_host: 'http://shop.example' is not the name of a host"),
        ("allow_host: [a.example, b.example:80]\n", "allow_host: 'b.example:80' is not the name of a host"),
        ("allow_host: {a: b}\n", "allow_host: {'a': 'b'} is not a list of names"),
        ("allow_host: ''\n", "allow_host: '' is not the name of a host"),
        ("strict: 3\n", "strict: 3 is neither yes nor no"),
        ("credentials: {acme: key}\n", "credentials.acme: must be a mapping"),
        ("- port\n", "must be a mapping of settings"),
        ("port: [\n", "is no YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)

    with pytest.raises(ValueError) as error:
        from_environment({"PSP_SIMULATOR_CONFIG": str(file)})

    assert str(error.value).startswith(f"{file}: ")
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(host="0.0.0.0", port=80), "http://localhost:80"),
        (Settings(host="192.168.1.20"), "http://192.168.1.20:8080"),
        (Settings(host="fe80::1"), "http://[fe80::1]:8080"),
        (Settings(public_url="https://sandbox.example/"), "https://sandbox.example"),
    ],
)
def test_the_base_url_is_where_a_client_reaches_it(settings: Settings, url: str) -> None:
    assert settings.base_url == url


@pytest.mark.parametrize(
    "text", ["allow_host: [my-laptop.local, '::1', '[fd00::20]']\n", "allow_host: 'my-laptop.local, ::1 ,[fd00::20]'\n"]
)
def test_names_of_the_simulator_are_a_list_or_divided_by_commas(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)

    settings = from_environment({"PSP_SIMULATOR_CONFIG": str(file)})

    assert settings.allow_host == ("my-laptop.local", "::1", "[fd00::20]")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_bytes(b"db: \xff\n")

    with pytest.raises(ValueError, match=r"settings\.yaml: cannot be read as UTF-8 text"):
        from_environment({"PSP_SIMULATOR_CONFIG": str(file)})


@pytest.mark.parametrize("text", ["", "credentials:\n", "# nothing\n", "public_url:\ntrust: null\n"])
def test_what_a_file_leaves_open_is_as_without_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)

    assert from_environment({"PSP_SIMULATOR_CONFIG": str(file)}) == Settings()


TEXTS = [f.name for f in fields(Settings) if f.type in ("str", "str | None") and f.name != "webhooks_to"]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [" ", "\n", "a\nb", "a\x1b[2Jb", "\t"])
def test_a_text_that_is_blank_or_more_than_a_line_is_refused_wherever_it_comes_from(name: str, value: str) -> None:
    variable, option = f"PSP_SIMULATOR_{name.upper()}", f"--{name.replace('_', '-')}"

    with pytest.raises(ValueError, match=f"^{variable}: (is empty|must be one line)"):
        from_environment({variable: value})
    with pytest.raises(ValueError, match=f"^{option}: (is empty|must be one line)"):
        with_options(Settings(), {name: value})


@pytest.mark.parametrize("name", TEXTS)
def test_an_option_that_is_given_empty_is_refused(name: str) -> None:
    """A shell passes on a variable that nobody has set: `--admin-token "$TOKEN"` would let everybody in."""
    with pytest.raises(ValueError, match="is empty"):
        with_options(Settings(), {name: ""})


@pytest.mark.parametrize("token", ["", " ", " sesame", "sesame ", "sesame\n1", "sesamé", "sesame\x00", "sesame" * 200])
def test_a_token_that_no_header_carries_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ValueError, match=r"^the admin token: ") as refusal:
        Settings(admin_token=token)

    assert "sesam" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://u:p@x", "takes no user and no password"),
        ("http://x?", "cannot be the public URL"),
        ("http://x#", "cannot be the public URL"),
        ("http://a b", "cannot be the public URL"),
        ("http://[::1", "cannot be the public URL"),
        ("http://x:99999", "cannot be the public URL"),
        ("http://x:0", "cannot be the public URL"),
        ("http://", "cannot be the public URL"),
        ("//x", "cannot be the public URL"),
        ("http://x/path", "cannot be the public URL"),
    ],
)
def test_an_address_under_which_nobody_reaches_it_is_refused_in_process_too(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        Settings(public_url=url)
    with pytest.raises(ValueError, match=why.replace("public", "replica")):
        Settings(replica_url=url)

    assert "u:p" not in str(refusal.value)


@pytest.mark.parametrize("host", ["a" * 64, "a..b", "..", "x" * 300])
def test_a_host_whose_name_cannot_be_asked_for_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"^PSP_SIMULATOR_HOST: .* is not the name or address of a host"):
        from_environment({"PSP_SIMULATOR_HOST": host})
