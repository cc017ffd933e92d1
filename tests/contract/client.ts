// A client of a shop with the types that openapi-typescript generates from the documents. It is compiled and never run: if a
// document loses a type, a member or a response that clients rely on, it no longer compiles.
import createClient from "openapi-fetch";
import type { components as Auth, paths as AuthPaths } from "./generated/auth.d.ts";
import type { components as Order, paths as OrderPaths } from "./generated/order.d.ts";
import type { components as Product, paths as ProductPaths } from "./generated/product.d.ts";

const baseUrl = "https://shop.example.com";

// Errors have the same shape in all services.
type Problem = Order["schemas"]["Problem"];
const explain = (problem: Problem | Auth["schemas"]["Problem"] | Product["schemas"]["Problem"]): string =>
  [problem.code, ...(problem.errors ?? []).map((error) => `${error.pointer}: ${error.message}`)].join("\n");

export async function buy(email: string, password: string): Promise<string> {
  const auth = createClient<AuthPaths>({ baseUrl });
  const session = await auth.POST("/api/v1/auth/login", { body: { email, password } });
  if (session.error) throw new Error(explain(session.error));

  const product = createClient<ProductPaths>({ baseUrl });
  const found = await product.GET("/api/v1/products", {
    params: { query: { q: "mug", in_stock: true, sort: "price", limit: 1 } },
  });
  if (found.error) throw new Error(explain(found.error));
  const mug = found.data.data[0];
  if (!mug) return "sold out";

  const order = createClient<OrderPaths>({
    baseUrl,
    headers: { Authorization: `Bearer ${session.data.access_token}` },
  });
  const placed = await order.POST("/api/v1/orders", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      items: [{ sku: mug.sku, quantity: 1 }],
      shipping_address: { name: "Ada", line1: "12 St James's Square", city: "London", postal_code: "SW1Y 4JH", country: "GB" },
    },
  });
  if (placed.error) throw new Error(explain(placed.error));

  const change = await order.PATCH("/api/v1/orders/{id}", {
    params: { path: { id: placed.data.id }, header: { "If-Match": placed.response.headers.get("ETag") ?? "*" } },
    body: { note: "Ring twice." },
  });
  if (change.error) throw new Error(explain(change.error));
  return `${change.data.status}: ${change.data.totals.total.amount} ${change.data.totals.total.currency}`;
}

// Code that must not compile.
export function mistakes(): void {
  const order = createClient<OrderPaths>({ baseUrl });
  // @ts-expect-error There is no such status.
  void order.GET("/api/v1/orders", { params: { query: { status: "lost" } } });
  // @ts-expect-error A change needs the version that was read.
  void order.PATCH("/api/v1/orders/{id}", { params: { path: { id: "ord_1" } }, body: {} });
  // @ts-expect-error There is no such country.
  const country: Order["schemas"]["NewShippingAddress"]["country"] = "XX";
  void country;
  // @ts-expect-error Not every order has an address.
  const city = (view: Order["schemas"]["Order"]): string => view.shipping_address.city;
  void city;
}
