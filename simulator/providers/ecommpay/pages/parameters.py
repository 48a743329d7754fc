"""Payment Page's parameters. They carry a signature, and are checked before anything is shown."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.engine import pages
from simulator.engine.provider import Call, Directory
from simulator.engine.validation import is_web_url
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import Refused, Unauthenticated
from simulator.providers.ecommpay import auth, signing
from simulator.providers.ecommpay.checks import is_currency_code, is_malformed_id
from simulator.providers.ecommpay.pages.returns import RETURN_ADDRESSES
from simulator.providers.ecommpay.wire import values

REQUIRED = ("project_id", "payment_id", "payment_amount", "payment_currency", "customer_id", "signature")

NO_EFFECT = "has no effect for Alipay"
OTHER_METHOD = "has no effect: the simulator knows alipay only"
NO_DESIGN = "has no effect: the simulator has one design"

UNLIKE_LIVE: dict[str, tuple[str, str]] = {
    # Parameter: what the notice says of it, and the value that asks for what happens anyway. Source: source 3.9.1.
    "force_payment_method": (OTHER_METHOD, "alipay"),
    "default_payment_method": (OTHER_METHOD, "alipay"),
    "force_payment_group": (OTHER_METHOD, ""),
    "payment_methods_options": (NO_EFFECT, ""),
    "operation_type": (NO_EFFECT, "sale"),
    "card_operation_type": (NO_EFFECT, "sale"),
    "payment_extra_param": ("is not passed on by the simulator", ""),
    "region_code": (NO_DESIGN, ""),
    "style_id": (NO_DESIGN, ""),
    "terminal_id": (NO_DESIGN, ""),
    "redirect_tokenize_url": (NO_EFFECT, ""),
    "redirect_tokenize_mode": (NO_EFFECT, ""),
    "recurring": (NO_EFFECT, ""),
    "recurring_register": (NO_EFFECT, "0"),
    "receipt_data": (NO_EFFECT, ""),
    "booking_info": (NO_EFFECT, ""),
    "addendum_data": (NO_EFFECT, ""),
    "payment_merchant_risk": (NO_EFFECT, ""),
    "customer_account_info": (NO_EFFECT, ""),
    "customer_shipping": (NO_EFFECT, ""),
    "customer_mpi_result": (NO_EFFECT, ""),
    "customer_account_number": (NO_EFFECT, ""),
    "account_token": (NO_EFFECT, ""),
}

KNOWN = (
    *UNLIKE_LIVE,
    # Source: docs/providers/ecommpay.md, source 3.9.1. What begins with an underscore is a plugin's own, and ours.
    "project_id", "payment_id", "payment_amount", "payment_currency", "signature", "language_code", "hide", "mode",
    "payment_description", "best_before", "merchant_callback_url", "merchant_success_callback_url",
    "merchant_decline_callback_url", "merchant_success_url", "merchant_fail_url", "merchant_return_url",
    "merchant_success_enabled", "merchant_fail_enabled", "merchant_return_enabled", "merchant_success_redirect_mode",
    "merchant_fail_redirect_mode", "merchant_return_redirect_mode", "redirect_success_url", "redirect_fail_url",
    "redirect_success_mode", "redirect_fail_mode", "redirect_success_enabled", "redirect_fail_enabled",
    "redirect_return_url", "redirect", "redirect_on_mobile", "frame_mode", "target_element", "close_on_missclick",
    "css_modal_wrap", "interface_type", "customer_id", "customer_first_name", "customer_last_name",
    "customer_middle_name", "customer_email", "customer_city", "customer_state", "customer_street",
    "customer_address", "customer_birthplace", "customer_phone", "customer_zip", "customer_country",
    "customer_day_of_birth", "customer_ssn", "customer_ip_address", "customer_district", "customer_building",
    "customer_language", "customer_gender", "identify_doc_number", "billing_address", "billing_city",
    "billing_country", "billing_postal", "billing_region", "billing_region_code", "avs_post_code",
    "avs_street_address", "baseUrl", "_*", "lang", "theme", "view", "stay", "already",
)  # fmt: skip
"""The parameters that the form knows, whether or not they do anything here."""

CALLBACK_ADDRESSES = ("merchant_callback_url", "merchant_success_callback_url", "merchant_decline_callback_url")


def authenticate(call: Call, directory: Directory) -> None:
    """Checks that the required parameters are there, then the project, the signature, and last the values.

    Raises `Refused` "page" with what the page says, and `Unauthenticated` with what was expected and what came.
    Source: docs/providers/ecommpay.md, sources 3.9.2 and 2.4.
    """
    given = given_in(call)
    for name in REQUIRED:
        if name not in given:
            raise Refused("page", {"status": 400, "text": "ecp_missing", "name": name})
    workspace, project = _workspace(directory, given["project_id"])
    parameters = signing.page_parameters(given)
    secret, signature = auth.secret_of(workspace), given["signature"]
    if not auth.is_good(call, signing.verify_page(secret, parameters, signature)):
        arrived = ";".join(f"{name}:{value}" for name, value in parameters.items() if name not in signing.UNSIGNED)
        help_ = {
            **signing.explain(secret, signing.nested(parameters), signature),
            "arrived": signing.shortened(arrived),
        }
        raise Unauthenticated("the signature is wrong", help_, workspace.id)
    call.workspace, call.credential, call.proof = workspace, {"project_id": project}, ()
    for name in wrong_values(parameters):
        raise Refused("page", {"status": 400, "text": "ecp_wrong", "name": name})
    for name in unlike_live(call, parameters):
        if call.strict:
            wording = "ecp_wrong" if name in parameters else "ecp_missing"
            raise Refused("page", {"status": 400, "text": wording, "name": name})
    call.parsed["parameters"] = parameters
    call.parsed["signed"] = signing.without_our_own(secret, parameters, signature)
    amount, currency = int(parameters["payment_amount"]), parameters["payment_currency"]
    call.facts.update(amount=amount, currency=currency, reference=parameters["payment_id"])


def wrong_values(parameters: Mapping[str, str]) -> list[str]:
    """The names of the parameters with which Payment Page cannot open. Absent ones are not among them."""
    id_, customer_id = parameters.get("payment_id", "-"), parameters.get("customer_id", "-")
    wrong = {
        "mode": parameters.get("mode", "purchase") != "purchase",
        "payment_id": not 1 <= len(id_) <= 255 or is_malformed_id(id_),
        "payment_amount": not _is_amount(parameters.get("payment_amount", "1")),
        "payment_currency": not is_currency_code(parameters.get("payment_currency", "CNY")),
        "customer_id": not 1 <= len(customer_id) <= 255,
        "payment_description": len(parameters.get("payment_description", "")) > 255,
        **{name: not pages.is_safe_return(parameters[name]) for name in RETURN_ADDRESSES if parameters.get(name)},
        **{name: not _is_web(parameters[name]) for name in CALLBACK_ADDRESSES if parameters.get(name)},
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def unlike_live(call: Call, parameters: Mapping[str, str]) -> list[str]:
    """The names of the parameters of which the live page would make something else than ours. Each is noticed."""
    found = [
        (name, why) for name, (why, plain) in UNLIKE_LIVE.items() if parameters.get(name, plain) not in ("", plain)
    ]
    if parameters.get("language_code", "").lower() != "zh":
        found.append(
            ("language_code", "is not zh, which the Alipay article demands")
        )  # inferred: ecommpay.page-languages
    if parameters.get("best_before") and values.best_before(parameters["best_before"]) is None:
        found.append(("best_before", "is no instant (YYYY-MM-DDThh:mm:ss+hh:mm) and has no effect"))
    for name, why in found:
        call.differs_live(f"{name} {why}")
    return [name for name, _ in found]


def given_in(call: Call) -> dict[str, str]:
    """The parameters as they came, from the query or from a form, with those that are not signed."""
    return signing.numbered(call.form_pairs if call.method == "POST" else call.query_pairs)


def _workspace(directory: Directory, project_id: str) -> tuple[Workspace, int]:
    try:
        return auth.find_workspace(directory, project_id)
    except Refused as refused:
        raise Refused("page", {"status": 404, "text": "ecp_no_project", "name": project_id[:20]}) from refused


def _is_amount(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 14 and 1 <= int(text) <= values.MAX_AMOUNT


def _is_web(url: str) -> bool:
    return len(url) <= 255 and is_web_url(url)
