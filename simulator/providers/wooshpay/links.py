"""The addresses that WooshPay hands out: checkout page, wallet page, app link.

Source: docs/providers/wooshpay.md, sources 3.21, 7.3.

Path and query are the provider's; scheme and host are the simulator's, unless setting `hosts` is `original`.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from simulator.engine.reach import is_local
from simulator.engine.workspace import Workspace
from simulator.kernel.ids import Ids
from simulator.providers.wooshpay.model import CheckoutSession, PaymentIntent
from simulator.providers.wooshpay.settings import WooshpaySettings

CHECKOUT = {True: "https://checkout.wooshpay.com", False: "https://checkouttest.wooshpay.com"}
CASHIER = "https://open-sea.alipayplus.com"
APP = "https://render.alipay.com"
JS = {True: "https://js.wooshpay.com", False: "https://jstest.wooshpay.com"}

CASHIER_PATH = "/api/open/v1/ac/cashier/self/codevalue/checkout.htm"
APP_PATH = "/p/s/i/"
CHALLENGE_PATH = "/v1/3ds/index.html"

CODE_PREFIX = "28166604009"


def cashier_code(ids: Ids) -> str:
    """36 characters; three independent samples share the first eleven."""
    return CODE_PREFIX + ids.text(25)


def _host(workspace: Workspace, original: str, origin: str) -> str:
    return original if workspace.settings_of(WooshpaySettings).hosts == "original" else origin


def session_path(session: CheckoutSession) -> str:
    """In test mode the path says `cs_test_` although the object's id does not."""
    digits = session.id.removeprefix("cs_")
    return f"/pay/cs_{digits if session.livemode else 'test_' + digits}?key={session.key}"


def session_url(workspace: Workspace, session: CheckoutSession) -> str:
    return _host(workspace, CHECKOUT[session.livemode], session.origin) + session_path(session)


def app_scheme(cashier_code: str) -> str:
    """The deep link into the wallet's app."""
    terminal = quote(json.dumps({"acTerminalType": "WAP"}, separators=(",", ":")), safe="")
    route = f"appId=10000007&actionType=route&qrcode={cashier_code}&externalThrough={terminal}"
    return f"alipays://platformapi/startApp?{route}"


def wallet_url(workspace: Workspace, origin: str, cashier_code: str, *, app: bool) -> str:
    if app:
        return f"{_host(workspace, APP, origin)}{APP_PATH}?scheme={quote(app_scheme(cashier_code), safe='')}"
    return f"{_host(workspace, CASHIER, origin)}{CASHIER_PATH}?codeValue={cashier_code}"


def challenge_url(workspace: Workspace, intent: PaymentIntent) -> str:
    """The 3-D Secure page of a card. The simulator shows the wallet's page there, in place of the bank's."""
    query = f"c=3.1&type=challenge&dataId={intent.id}&force3ds=false&clientSecret={intent.client_secret}"
    return f"{_host(workspace, JS[intent.livemode], intent.origin)}{CHALLENGE_PATH}?{query}"


_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")


def with_scheme(url: str) -> str:
    """`www.example.com` appears in documented samples and must still work as a link: https, and http for local names.

    Inferred: wooshpay.no-scheme.
    """
    if _SCHEME.match(url):
        return url
    host = url.partition("/")[0]
    host = host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    has_http = host == "localhost" or (is_local(host) and host.startswith("[") | ("." in host))
    return f"http://{url}" if has_http else f"https://{url}"
