//! The body of `POST /orders`, and its way into the model: every field that breaks a rule is named.

use garde::Validate;
use money::{Amount, Currency, Money};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    FieldError, Problem,
    schema::{BlankLine, Line, Lines},
};

use crate::{
    checkout::model::{LinesError, OrderRequest, ProductReference, RequestedLines},
    infrastructure::http::country_code::CountryCode,
    payments::model::PaymentMethod,
    values::{Country, Note, ProductId, Quantity, ShippingAddress, Sku, Text},
};

/// Requirements that a shop sets for orders.
#[derive(Clone, Copy, Debug)]
pub struct OrderRules {
    pub currency: Currency,
    pub require_shipping_address: bool,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = NewOrder, example = json!({
    "items": [{"sku": "MUG-1", "quantity": 2}],
    "shipping_address": {
        "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
    },
    "expected_total": "19.98",
}))]
pub struct NewOrderBody {
    /// Items of the same product are merged into one line.
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<NewItemBody>,
    /// Required if the shop is configured with `spec.checkout.requireShippingAddress`.
    #[serde(default)]
    shipping_address: Option<AddressBody>,
    /// A message to the shop.
    #[schema(value_type = Option<Lines<1000>>, inline)]
    note: Option<String>,
    /// The total that was shown to the customer; 409 `price_changed` if the current total differs.
    expected_total: Option<Amount>,
    /// Pays immediately with one of `GET /payment-methods`. If absent, the order waits for `POST /payments` until
    /// `pay_by`.
    #[schema(pattern = "^[a-z0-9_]{1,64}$")]
    payment_method: Option<String>,
}

/// A product, identified by its SKU or its id, not both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrderItem)]
struct NewItemBody {
    #[schema(example = "MUG-1", pattern = "^[A-Za-z0-9._-]{1,64}$")]
    sku: Option<String>,
    product_id: Option<ProductId>,
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    quantity: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewShippingAddress)]
struct AddressBody {
    #[schema(value_type = Line<200>, inline)]
    name: String,
    #[schema(value_type = Line<200>, inline)]
    line1: String,
    #[schema(value_type = Option<BlankLine<200>>, inline)]
    line2: Option<String>,
    #[schema(value_type = Line<100>, inline)]
    city: String,
    #[schema(value_type = Option<BlankLine<100>>, inline)]
    region: Option<String>,
    #[schema(value_type = Line<20>, inline)]
    postal_code: String,
    #[schema(value_type = CountryCode)]
    country: String,
}

/// Fields that break a rule, gathered while the others are read on.
struct Errors(Vec<FieldError>);

impl NewOrderBody {
    pub fn parse(self, rules: OrderRules) -> Result<OrderRequest, Problem> {
        let currency = rules.currency;
        let mut errors = Errors(Vec::new());
        let lines = errors.lines(self.items);
        let shipping_address = match self.shipping_address {
            Some(address) => errors.address(address),
            None if rules.require_shipping_address => {
                errors.0.push(FieldError::new(
                    "/shipping_address",
                    "required",
                    "this shop requires a shipping address",
                ));
                None
            }
            None => None,
        };
        let note = errors.optional("/note", self.note, Note::try_from);
        let expected_total = self
            .expected_total
            .and_then(|amount| errors.total(&amount, currency));
        let payment_method = self
            .payment_method
            .and_then(|method| errors.keep("/payment_method", PaymentMethod::try_from(method)));
        match lines {
            Some(lines) if errors.0.is_empty() => Ok(OrderRequest {
                lines,
                shipping_address,
                note,
                expected_total,
                payment_method,
            }),
            Some(_) | None => Err(Problem::invalid(errors.0)),
        }
    }
}

impl Errors {
    fn keep<T, E: ToString>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| {
                self.0
                    .push(FieldError::new(pointer, "invalid", error.to_string()));
            })
            .ok()
    }

    /// Blank is as good as absent, as forms send it.
    fn optional<T, E: ToString>(
        &mut self,
        pointer: &str,
        text: Option<String>,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        self.keep(pointer, parse(text))
    }

    fn lines(&mut self, items: Vec<NewItemBody>) -> Option<RequestedLines> {
        let count = items.len();
        if !(1..=RequestedLines::MAX).contains(&count) {
            return self.keep("/items", Err(LinesError::Count));
        }
        let items: Vec<_> = items
            .into_iter()
            .enumerate()
            .filter_map(|(index, item)| self.item(index, item))
            .collect();
        if items.len() < count {
            return None;
        }
        RequestedLines::try_new(items)
            .map_err(|error| {
                let pointer = match error {
                    LinesError::Count => "/items".to_owned(),
                    LinesError::TooManyUnits { position } => format!("/items/{position}/quantity"),
                };
                self.0
                    .push(FieldError::new(pointer, "invalid", error.to_string()));
            })
            .ok()
    }

    fn item(&mut self, index: usize, item: NewItemBody) -> Option<(ProductReference, Quantity)> {
        let product = match (item.sku, item.product_id) {
            (Some(sku), None) => self
                .keep(&format!("/items/{index}/sku"), Sku::try_from(sku))
                .map(ProductReference::Sku),
            (None, Some(id)) => Some(ProductReference::ProductId(id)),
            (Some(_), Some(_)) | (None, None) => {
                self.0.push(FieldError::new(
                    format!("/items/{index}"),
                    "exclusive",
                    "send either sku or product_id",
                ));
                None
            }
        };
        let quantity = self.keep(
            &format!("/items/{index}/quantity"),
            Quantity::try_from(item.quantity),
        );
        product.zip(quantity)
    }

    fn address(&mut self, address: AddressBody) -> Option<ShippingAddress> {
        let name = self.keep("/shipping_address/name", Text::try_from(address.name));
        let line1 = self.keep("/shipping_address/line1", Text::try_from(address.line1));
        let line2 = self.optional("/shipping_address/line2", address.line2, Text::try_from);
        let city = self.keep("/shipping_address/city", Text::try_from(address.city));
        let region = self.optional("/shipping_address/region", address.region, Text::try_from);
        let postal_code = Text::try_from(address.postal_code);
        let postal_code = self.keep("/shipping_address/postal_code", postal_code);
        let country = Country::try_from(address.country);
        let country = self.keep("/shipping_address/country", country);
        Some(ShippingAddress {
            name: name?,
            line1: line1?,
            line2,
            city: city?,
            region,
            postal_code: postal_code?,
            country: country?,
        })
    }

    fn total(&mut self, amount: &Amount, currency: Currency) -> Option<Money> {
        let refusal = match amount.in_currency(currency) {
            Ok(total) if total.minor >= 0 => return Some(total),
            Ok(_) => "a total must not be negative".to_owned(),
            Err(error) => error.to_string(),
        };
        self.0.push(FieldError::new(
            "/expected_total",
            "invalid_amount",
            refusal,
        ));
        None
    }
}
