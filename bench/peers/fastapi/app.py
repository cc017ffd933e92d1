"""A conventional shop service in the style of a good team: FastAPI, SQLAlchemy 2 (Core, async, asyncpg), uvicorn.

The same contract as ours for POST /api/v1/orders and GET /api/v1/products/{id}, on the same tables, indexes and
Postgres: token verified, request validated, idempotency key, stock rows locked in SKU order, and the order, its lines,
its key, its hold with lines, and its event written in one transaction. The order is confirmed at
once, so there is no second transaction for a saga: that favours this service.
"""

import hashlib
import json
import os
import urllib.request
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, MetaData, SmallInteger, Table, Text, Uuid, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from uuid_utils.compat import uuid7

CURRENCY = "USD"
MAX_LINES = 50

engine = create_async_engine(
    os.environ["DATABASE_URL"], pool_size=int(os.environ.get("POOL_SIZE", "16")), max_overflow=0, pool_timeout=2,
    connect_args={"server_settings": {"lock_timeout": "2000", "search_path": "sales,product,public"}},
)

meta = MetaData()
products = Table(
    "products", meta, Column("id", Uuid, primary_key=True), Column("vendor_id", Uuid), Column("sku", Text), Column("slug", Text),
    Column("name", Text), Column("description", Text), Column("price_minor", BigInteger), Column("category", Text),
    Column("metadata", JSONB, key="extra"), Column("status", Text), Column("version", BigInteger), Column("created_at", DateTime(True)),
    Column("updated_at", DateTime(True)), Column("deleted_at", DateTime(True)), schema="product")
stock = Table(
    "stock", meta, Column("sku", Text, primary_key=True), Column("location", Text, primary_key=True), Column("priority", SmallInteger),
    Column("on_hand", BigInteger), Column("held", BigInteger), Column("allocated", BigInteger), schema="product")
holds = Table(
    "holds", meta, Column("order_id", Uuid, primary_key=True), Column("request_key", LargeBinary), Column("fingerprint", LargeBinary),
    Column("state", Text), Column("total_minor", BigInteger), Column("expires_at", DateTime(True)), Column("ended_at", DateTime(True)),
    schema="product")
hold_lines = Table(
    "hold_lines", meta, Column("order_id", Uuid, primary_key=True), Column("sku", Text, primary_key=True),
    Column("location", Text, primary_key=True), Column("line", SmallInteger), Column("quantity", BigInteger), Column("product_id", Uuid),
    Column("vendor_id", Uuid), Column("name", Text), Column("unit_price_minor", BigInteger), schema="product")
orders = Table(
    "orders", meta, Column("id", Uuid, primary_key=True), Column("number", BigInteger), Column("user_id", Uuid), Column("status", Text),
    Column("payment_status", Text), Column("fulfillment_status", Text), Column("version", BigInteger), Column("currency", Text),
    Column("items_minor", BigInteger), Column("total_minor", BigInteger), Column("shipping_address", JSONB), Column("note", Text),
    Column("created_at", DateTime(True)), Column("updated_at", DateTime(True)), schema="sales")
order_items = Table(
    "order_items", meta, Column("order_id", Uuid, primary_key=True), Column("position", SmallInteger, primary_key=True),
    Column("product_id", Uuid), Column("vendor_id", Uuid), Column("sku", Text), Column("name", Text), Column("unit_price_minor", BigInteger),
    Column("quantity", Integer), Column("line_total_minor", BigInteger), schema="sales")
keys = Table(
    "idempotency_keys", meta, Column("principal", Uuid, primary_key=True), Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True), Column("fingerprint", LargeBinary), Column("order_id", Uuid), Column("status", SmallInteger),
    schema="sales")
events = Table(
    "order_events", meta, Column("order_id", Uuid, primary_key=True), Column("version", BigInteger, primary_key=True),
    Column("event_type", Text), Column("actor", Text), Column("actor_id", Uuid), Column("data", JSONB), schema="sales")


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    quantity: int = Field(ge=1, le=10_000)


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    line1: str = Field(min_length=1, max_length=200)
    line2: str | None = Field(default=None, max_length=200)
    city: str = Field(min_length=1, max_length=100)
    region: str | None = Field(default=None, max_length=100)
    postal_code: str = Field(min_length=1, max_length=20)
    country: str = Field(pattern=r"^[A-Za-z]{2}$")


class NewOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")
    items: list[Item] = Field(min_length=1, max_length=MAX_LINES)
    shipping_address: Address
    note: str | None = Field(default=None, max_length=1000)


class Problem(Exception):
    def __init__(self, status: int, code: str, detail: str, **members):
        self.status, self.body = status, {"status": status, "code": code, "detail": detail, **members}


signing_keys: dict[str, jwt.PyJWK] = {}


@asynccontextmanager
async def lifespan(_: FastAPI):
    with urllib.request.urlopen(os.environ["JWKS_URL"], timeout=5) as answer:
        for key in json.load(answer)["keys"]:
            signing_keys[key["kid"]] = jwt.PyJWK(key)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(Problem)
async def problem(_: Request, error: Problem):
    headers = {"retry-after": "1"} if error.status == 503 else None
    return JSONResponse(error.body, error.status, headers=headers, media_type="application/problem+json")


def customer(authorization: Annotated[str, Header()] = "") -> UUID:
    scheme, _, token = authorization.partition(" ")
    try:
        header = jwt.get_unverified_header(token)
        if scheme.lower() != "bearer" or header.get("typ") != "at+jwt":
            raise Problem(401, "token_invalid", "The access token is not valid; log in again.")
        claims = jwt.decode(token, signing_keys[header["kid"]], algorithms=["ES256"], audience=os.environ["TOKEN_AUDIENCE"],
                            issuer=os.environ["TOKEN_ISSUER"], options={"require": ["exp", "iss", "aud", "sub"]})
    except (jwt.InvalidTokenError, KeyError):
        raise Problem(401, "token_invalid", "The access token is not valid; log in again.") from None
    if "customer" not in claims["roles"]:
        raise Problem(403, "forbidden", "The role customer is required.")
    return UUID(claims["sub"])


def money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def view(order, items) -> dict:
    return {
        "id": str(order.id), "number": order.number, "user_id": str(order.user_id), "status": order.status,
        "payment_status": order.payment_status, "fulfillment_status": order.fulfillment_status,
        "items": [{"product_id": str(item.product_id), "vendor_id": str(item.vendor_id), "sku": item.sku, "name": item.name,
                   "unit_price": money(item.unit_price_minor), "quantity": item.quantity, "line_total": money(item.line_total_minor)}
                  for item in items],
        "totals": {"items": money(order.items_minor), "shipping": "0.00", "tax": "0.00", "discount": "0.00", "total": money(order.total_minor)},
        "currency": order.currency, "shipping_address": order.shipping_address,
        "created_at": order.created_at.isoformat(), "updated_at": order.updated_at.isoformat(),
    }


async def read_order(connection, order_id: UUID) -> dict:
    order = (await connection.execute(select(orders).where(orders.c.id == order_id))).one()
    items = (await connection.execute(select(order_items).where(order_items.c.order_id == order_id).order_by(order_items.c.position))).all()
    return view(order, items)


def created(body: dict, replayed: bool) -> Response:
    headers = {"location": f"/api/v1/orders/{body['id']}", "etag": '"1"'}
    if replayed:
        headers["idempotent-replayed"] = "true"
    return JSONResponse(body, 201, headers=headers)


async def recorded(connection, principal: UUID, key: str, fingerprint: bytes) -> dict | None:
    row = (await connection.execute(select(keys.c.fingerprint, keys.c.order_id).where(
        keys.c.principal == principal, keys.c.operation == "place_order", keys.c.key == key))).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Problem(422, "idempotency_key_reused", "This Idempotency-Key came with another body before.")
    return await read_order(connection, row.order_id)


@app.post("/api/v1/orders", status_code=201)
async def create_order(body: NewOrder, principal: Annotated[UUID, Depends(customer)],
                       idempotency_key: Annotated[str, Header(min_length=1, max_length=255)]):
    wanted: dict[str, int] = {}
    for item in body.items:
        sku = item.sku.upper()
        wanted[sku] = wanted.get(sku, 0) + item.quantity
    fingerprint = hashlib.sha256(body.model_dump_json().encode()).digest()
    try:
        async with engine.begin() as connection:
            known = await recorded(connection, principal, idempotency_key, fingerprint)
            if known is not None:
                return created(known, True)
            return created(await place(connection, body, principal, idempotency_key, fingerprint, wanted), False)
    except IntegrityError:
        # A concurrent request with the same key was faster.
        async with engine.begin() as connection:
            known = await recorded(connection, principal, idempotency_key, fingerprint)
        if known is None:
            raise
        return created(known, True)
    except TimeoutError:
        raise Problem(503, "unavailable", "Not now; try again.") from None


async def place(connection, body: NewOrder, principal: UUID, key: str, fingerprint: bytes, wanted: dict[str, int]) -> dict:
    found = (await connection.execute(select(products).where(
        products.c.sku.in_(wanted), products.c.status == "active", products.c.deleted_at.is_(None)))).all()
    by_sku = {product.sku: product for product in found}
    if len(by_sku) < len(wanted):
        raise Problem(422, "unknown_product", "Some items name no product that can be bought.")
    rows = (await connection.execute(select(stock).where(stock.c.sku.in_(wanted)).order_by(stock.c.sku, stock.c.location)
                                     .with_for_update(key_share=True))).all()
    available = {row.sku: row.on_hand - row.held - row.allocated for row in rows}
    missing = [{"sku": sku, "requested": quantity, "available": available.get(sku, 0)}
               for sku, quantity in wanted.items() if available.get(sku, 0) < quantity]
    if missing:
        raise Problem(409, "out_of_stock", "Insufficient stock for some lines; see lines. No order was placed.", lines=missing)
    order_id = uuid7()
    total = sum(by_sku[sku].price_minor * quantity for sku, quantity in wanted.items())
    lines = [(position, by_sku[sku], quantity) for position, (sku, quantity) in enumerate(wanted.items())]
    await connection.execute(
        update(stock).where(stock.c.sku == bindparam("of"), stock.c.location == "main").values(allocated=stock.c.allocated + bindparam("units")),
        [{"of": sku, "units": wanted[sku]} for sku in sorted(wanted)])
    await connection.execute(insert(keys).values(
        principal=principal, operation="place_order", key=key, fingerprint=fingerprint, order_id=order_id, status=201))
    address = body.shipping_address.model_dump(exclude_none=True)
    order = (await connection.execute(insert(orders).values(
        id=order_id, user_id=principal, status="confirmed", version=1, currency=CURRENCY, items_minor=total, total_minor=total,
        shipping_address=address, note=body.note).returning(orders))).one()
    items = [{"order_id": order_id, "position": position, "product_id": product.id, "vendor_id": product.vendor_id, "sku": product.sku,
              "name": product.name, "unit_price_minor": product.price_minor, "quantity": quantity,
              "line_total_minor": product.price_minor * quantity} for position, product, quantity in lines]
    await connection.execute(insert(order_items).values(items))
    await connection.execute(insert(holds).values(
        order_id=order_id, request_key=hashlib.sha256(f"{principal}/{key}".encode()).digest(), fingerprint=fingerprint,
        state="committed", total_minor=total, expires_at=func.now(), ended_at=func.now()))
    await connection.execute(insert(hold_lines).values([
        {"order_id": order_id, "sku": product.sku, "location": "main", "line": position, "quantity": quantity, "product_id": product.id,
         "vendor_id": product.vendor_id, "name": product.name, "unit_price_minor": product.price_minor}
        for position, product, quantity in lines]))
    await connection.execute(insert(events).values(
        order_id=order_id, version=1, event_type="order.confirmed", actor="customer", actor_id=principal,
        data={"status": "confirmed", "payment_status": "unpaid", "fulfillment_status": "unfulfilled", "total_minor": total}))
    return view(order, [Line(item) for item in items])


class Line:
    """A row of order_items as it was written."""

    def __init__(self, values: dict):
        self.__dict__.update(values)


@app.get("/api/v1/products/{product_id}")
async def get_product(product_id: UUID, response: Response):
    async with engine.connect() as connection:
        row = (await connection.execute(
            select(products, func.coalesce(func.sum(stock.c.on_hand - stock.c.held - stock.c.allocated), 0).label("available"))
            .outerjoin(stock, stock.c.sku == products.c.sku)
            .where(products.c.id == product_id, products.c.deleted_at.is_(None), products.c.status == "active")
            .group_by(products.c.id))).one_or_none()
    if row is None:
        raise Problem(404, "not_found", "No such resource, or you do not have access to it.")
    response.headers["etag"] = f'"{row.version}"'
    return {"id": str(row.id), "vendor_id": str(row.vendor_id), "sku": row.sku, "slug": row.slug, "name": row.name,
            "description": row.description, "price": money(row.price_minor), "currency": CURRENCY, "category": row.category,
            "metadata": row.extra, "status": row.status, "available": int(row.available)}


@app.get("/ready")
async def ready():
    async with engine.connect() as connection:
        await connection.execute(select(1))
    return {"status": "ready"}
