"""What schemathesis has to know about a shop: how a caller signs in, and which refusals no schema can express."""

import functools
import os
import re
import uuid

import requests
import schemathesis

# A request that matches its schema may still be refused, with one of these codes at one of these places. Each has a reason.
BEYOND_A_SCHEMA = {
    # Cursors are created by the server.
    "invalid_cursor": r"cursor",
    # Only one of two parameters or fields may be sent.
    "exclusive": r"page|/username|/recovery_code|/items/\d+",
    # The number of rows, page times limit, has a maximum, and some times must lie ahead.
    "out_of_range": r"page|/expires_at",
    # One of two fields is required, or a setting of the shop requires a field.
    "required": r"/email|/code|/shipping_address",
    # Only the server knows versions, earlier keys, and what is offered.
    "precondition_failed": r"",
    # A change of one's own account needs no version.
    "if_match_required": r"",
    # The names that GET /permissions returns, and language tags, whose parts must differ.
    "invalid": r"/permissions/\d+|/locale",
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
    # Only the server knows passwords, one-time codes and tokens, and roles.
    "password_incorrect": r"/(current_)?password",
    "password_unchanged": r"/new_password",
    "mfa_code_incorrect": r"/(recovery_)?code",
    "token_invalid_or_expired": r"/token",
    "unknown_role": r"/role",
    # Easily guessed passwords are refused.
    "password_common": r"/(new_)?password",
    "password_pattern": r"/(new_)?password",
    "password_own_name": r"/(new_)?password",
    # What an address needs depends on its country, and only the server knows the names of time zones.
    "region_required": r"/region",
    "postal_code_required": r"/postal_code",
    "invalid_postal_code": r"/postal_code",
    "unknown_time_zone": r"/time_zone",
}


AUTH = os.environ.get("SHOP_AUTH_URL")
PASSWORD = "correct horse battery"
# What is done to the account or the sessions of the caller, of whom each operation has one of its own.
OWN = "/api/v1/auth/"
# After these the token of their caller is invalid.
ENDS_TOKENS = [f"/api/v1/auth/{path}" for path in ("logout", "logout-all", "password/change", "account/delete")]
# These could take the rights of the admin, by whom other operations are called.
ON_ANOTHER = ("/api/v1/users/{id}/roles", "/api/v1/users/{id}/suspend")


def post(path, body):
    answer = requests.post(f"{AUTH}/api/v1/auth/{path}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()


def register():
    name = f"u{uuid.uuid4().hex[:20]}"
    return post("register", {"email": f"{name}@example.com", "password": PASSWORD, "full_name": "Ann Example"})


def log_in():
    return post("login", {"email": "admin@example.com", "password": PASSWORD})


@schemathesis.auth(cache_by_key=lambda case, _: case.operation.label)
class SignedIn:
    """A token that the test signed, or at auth one of a session, since auth checks that it exists."""

    def get(self, case, _):
        if AUTH is None:
            return os.environ["SHOP_TOKEN"]
        if case.operation.path.startswith(OWN):
            return register()["access_token"]
        return log_in()["access_token"]

    def set(self, case, token, _):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def map_path_parameters(ctx, parameters):
    if parameters and AUTH and ctx.operation.path.startswith(ON_ANOTHER) and is_admin(parameters.get("id")):
        return {**parameters, "id": other_user()}
    return parameters


def is_admin(user):
    return user == "me" or str(user).removeprefix("usr_") == admin().removeprefix("usr_")


@functools.cache
def admin():
    return log_in()["user"]["id"]


@functools.cache
def other_user():
    return register()["user"]["id"]


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
    if case.operation.path in ENDS_TOKENS or "Authorization" not in response.request.headers:
        return
    problem = response.json() if response.status_code == 401 else {}
    refused = {"token_missing", "token_invalid", "token_expired"}
    if AUTH:
        # One operation may change the account of another's caller, whose token has been taken before.
        refused.remove("token_expired")
    assert problem.get("code") not in refused, problem
