"""What schemathesis has to know of a shop: how a caller signs in, and which refusals no schema can foresee."""

import os

import requests
import schemathesis

# A request may fit its schema and be refused all the same, with one of these codes. Each has its reason.
BEYOND_A_SCHEMA = {
    # Cursors are made by the server.
    "invalid_cursor",
    # Either of two parameters or fields, and rows end at page times limit.
    "exclusive",
    "out_of_range",
    # What another field, or a setting of the shop, makes necessary.
    "required",
    # What the server knows and a document does not: versions, keys that came before, and what is offered.
    "precondition_failed",
    "idempotency_key_reused",
    "unknown_payment_method",
    "unknown_product",
    # How many digits an amount has depends on the shop's currency, and JSON numbers may have more.
    "invalid_amount",
    # A schema cannot speak of every text within an object of any shape.
    "nul_character",
    # Letters are counted in words of every script.
    "word_too_short",
    "too_many_words",
    # Passwords that are easily guessed.
    "password_common",
    "password_pattern",
    "password_own_name",
}


@schemathesis.auth()
class SignedIn:
    """A token that the test made; at auth one of a login, since auth asks whether the session still exists."""

    def get(self, case, _):
        if "SHOP_LOGIN_URL" not in os.environ:
            return os.environ["SHOP_TOKEN"]
        credentials = {"email": "admin@example.com", "password": "correct horse battery"}
        answer = requests.post(os.environ["SHOP_LOGIN_URL"], json=credentials, timeout=10)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def set(self, case, token, _):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.check
def what_fits_the_schema_is_accepted(ctx, response, case):
    """Like positive_data_acceptance, but a refusal has to name its reason."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code < 300 or response.status_code in (401, 403, 404, 409):
        return
    problem = response.json()
    codes = {error["code"] for error in problem.get("errors", [])} or {problem["code"]}
    unforeseen = codes - BEYOND_A_SCHEMA
    assert not unforeseen, f"{response.status_code}: the document allows what the server refuses as {unforeseen}: {problem}"
