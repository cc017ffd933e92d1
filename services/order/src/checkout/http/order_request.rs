//! The body of `POST /orders`, and its way into the model: every field that breaks a rule is named.

use money::{Amount, Currency};
use postal::CountryCode;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    FieldError, Problem,
    schema::{BlankLine, Line, Lines},
};

use crate::{
    checkout::model::{LinesError, OrderRequest, ProductReference, RequestedLines},
    infrastructure::http::field_errors::FieldErrors,
    payments::model::PaymentMethod,
    values::{Country, ProductId, Quantity, ShippingAddress, Sku, Text},
};

/// Requirements that a shop sets for orders.
#[derive(Clone, Copy, Debug)]
pub struct OrderRules {
    pub currency: Currency,
    pub require_shipping_address: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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

impl NewOrderBody {
    pub fn parse(self, rules: OrderRules) -> Result<OrderRequest, Problem> {
        let mut errors = FieldErrors::default();
        let lines = lines(self.items, &mut errors);
        let shipping_address = match self.shipping_address {
            Some(address) => address.parse(&mut errors),
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
        let note = errors.optional("/note", self.note);
        let expected_total = self.expected_total.and_then(|amount| {
            let refusal = "a total must not be negative";
            errors.amount("/expected_total", &amount, rules.currency, 0, refusal)
        });
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

fn lines(items: Vec<NewItemBody>, errors: &mut FieldErrors) -> Option<RequestedLines> {
    let count = items.len();
    if !(1..=RequestedLines::MAX).contains(&count) {
        return errors.keep("/items", Err(LinesError::Count));
    }
    let items: Vec<_> = items
        .into_iter()
        .enumerate()
        .filter_map(|(index, item)| item.parse(index, errors))
        .collect();
    if items.len() < count {
        return None;
    }
    let lines = RequestedLines::try_new(items);
    let pointer = match &lines {
        Err(LinesError::TooManyUnits { position }) => format!("/items/{position}/quantity"),
        Err(LinesError::Count) | Ok(_) => "/items".to_owned(),
    };
    errors.keep(pointer, lines)
}

impl NewItemBody {
    fn parse(self, index: usize, errors: &mut FieldErrors) -> Option<(ProductReference, Quantity)> {
        let product = match (self.sku, self.product_id) {
            (Some(sku), None) => errors
                .keep(format!("/items/{index}/sku"), Sku::try_from(sku))
                .map(ProductReference::Sku),
            (None, Some(id)) => Some(ProductReference::ProductId(id)),
            (Some(_), Some(_)) | (None, None) => {
                errors.0.push(FieldError::new(
                    format!("/items/{index}"),
                    "exclusive",
                    "send either sku or product_id",
                ));
                None
            }
        };
        let pointer = format!("/items/{index}/quantity");
        let quantity = errors.keep(pointer, Quantity::try_from(self.quantity));
        product.zip(quantity)
    }
}

impl AddressBody {
    fn parse(self, errors: &mut FieldErrors) -> Option<ShippingAddress> {
        let name = errors.keep("/shipping_address/name", Text::try_from(self.name));
        let line1 = errors.keep("/shipping_address/line1", Text::try_from(self.line1));
        let line2 = errors.optional("/shipping_address/line2", self.line2);
        let city = errors.keep("/shipping_address/city", Text::try_from(self.city));
        let region = errors.optional("/shipping_address/region", self.region);
        let postal_code = Text::try_from(self.postal_code);
        let postal_code = errors.keep("/shipping_address/postal_code", postal_code);
        let country = Country::try_from(self.country);
        let country = errors.keep("/shipping_address/country", country);
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
}
