"""Settings from the environment and from a file; whatever cannot be used is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.surface.settings import Settings, from_environment


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
        ("PORT", "eighty", "PSP_SIMULATOR_PORT: 'eighty' is not a number"),
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
