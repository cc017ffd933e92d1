"""What schemathesis has to know about a shop: how a caller signs in, and which refusals no schema can express."""

import os
import re

import requests
import schemathesis

# A request that matches its schema may still be refused, with one of these codes at one of these places. Each has a reason.
BEYOND_A_SCHEMA = {
    # Cursors are created by the server.
    "invalid_cursor": r"cursor",
    # Only one of two parameters or fields may be sent.
    "exclusive": r"page|/username|/items/\d+",
    # The number of rows, page times limit, has a maximum.
    "out_of_range": r"page",
    # One of two fields is required, or a setting of the shop requires a field.
    "required": r"/email|/shipping_address",
    # Only the server knows versions, earlier keys, and what is offered.
    "precondition_failed": r"",
    "idempotency_key_reused": r"",
    "unknown_payment_method": r"/payment_method",
    "unknown_product": r"/items/\d+/(sku|product_id)|",
    "unknown_item": r"/items/\d+/sku",
    "too_many": r"/items/\d+/quantity|/delta|",
    "unknown_location": r"/location",
    "location_required": r"/location",
    # Several lines, or several orders, have limits together.
    "too_many_units": r"",
    "too_many_unpaid_units": r"",
    "total_too_large": r"",
    # The digits of an amount depend on the shop's currency, and JSON numbers may have more.
    "invalid_amount": r"(min|max)_price|/price|/amount|/expected_total",
    # A schema cannot describe the texts within an object of any shape, nor its size.
    "nul_character": r"/metadata.*",
    "too_large": r"/metadata",
    # Limits depend on earlier requests.
    "too_many_requests": r"",
    # The letters of words are counted in every script.
    "word_too_short": r"q",
    "too_many_words": r"q",
    # Easily guessed passwords are refused.
    "password_common": r"/password",
    "password_pattern": r"/password",
    "password_own_name": r"/password",
    # What an address needs depends on its country, and only the server knows the names of time zones.
    "region_required": r"/region",
    "postal_code_required": r"/postal_code",
    "invalid_postal_code": r"/postal_code",
    "unknown_time_zone": r"/time_zone",
}


# Each operation has a token of its own, so that log_out ends only its own session.
@schemathesis.auth(cache_by_key=lambda case, _: case.operation.label)
class SignedIn:
    """A token that the test signed, or at auth one of a login, since auth checks that the session exists."""

    def get(self, case, _):
        if "SHOP_LOGIN_URL" not in os.environ:
            return os.environ["SHOP_TOKEN"]
        credentials = {"email": "admin@example.com", "password": "correct horse battery"}
        answer = requests.post(os.environ["SHOP_LOGIN_URL"], json=credentials, timeout=10)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def set(self, case, token, _):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def map_body(_, body):
    """Sends 2 in place of 2.0, which is an integer in JSON Schema and not in the shop."""
    if isinstance(body, dict):
        return {name: map_body(_, value) for name, value in body.items()}
    if isinstance(body, list):
        return [map_body(_, value) for value in body]
    if isinstance(body, float) and body.is_integer() and abs(body) < 2**53:
        return int(body)
    return body


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.check
def what_fits_the_schema_is_accepted(ctx, response, case):
    """Like positive_data_acceptance, but a refusal with one of the expected reasons is accepted."""
    if not is_positive(case) or response.status_code < 300 or response.status_code in (401, 403, 404, 409):
        return
    problem = response.json()
    errors = problem.get("errors") or [{"code": problem["code"], "pointer": ""}]
    unforeseen = [
        error
        for error in errors
        if not re.fullmatch(BEYOND_A_SCHEMA.get(error["code"], r"(?!)"), error["pointer"])
    ]
    assert not unforeseen, f"{response.status_code}: the document allows what the server refuses: {unforeseen}"


@schemathesis.check
def the_token_is_taken(ctx, response, case):
    """Otherwise every response would be 401, and nothing else would be tested."""
    if not is_positive(case) or not case.operation.definition.raw.get("security"):
        return
    if case.operation.path.endswith("/auth/logout") or "Authorization" not in response.request.headers:
        return
    problem = response.json() if response.status_code == 401 else {}
    assert problem.get("code") not in ("token_missing", "token_invalid", "token_expired"), problem
