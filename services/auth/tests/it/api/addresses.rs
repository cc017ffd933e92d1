//! The endpoints of addresses.

mod create_address;
mod delete_address;
mod get_address;
mod list_addresses;
mod update_address;

use serde_json::{Value, json};

use crate::support::{
    fixture::{Answer, Auth},
    people::send,
};

const OWN: &str = "/api/v1/users/me/addresses";

/// An address that every part of has a value.
fn london() -> Value {
    json!({
        "name": "Ada Lovelace", "company": "Analytical Ltd", "line1": "12 St James's Square", "line2": "2nd floor",
        "city": "London", "region": "Greater London", "postal_code": "SW1Y 4JH", "country": "GB",
        "phone": "+44 20 7946 0958",
    })
}

/// An address with the parts that are always required, and the postal code that its country requires.
fn berlin() -> Value {
    json!({ "name": "Ann", "line1": "Torstraße 1", "city": "Berlin", "postal_code": "10115", "country": "DE" })
}

fn with(mut address: Value, field: &str, value: Value) -> Value {
    address[field] = value;
    address
}

/// An address of this user's book.
async fn added(auth: &Auth, user: &Answer, address: &Value) -> Answer {
    let answer = send(auth, "POST", OWN, user, address).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

fn own(address: &Answer) -> String {
    format!("{OWN}/{}", address.text("/id"))
}

/// What an address is the default for: shipping and billing.
fn defaults(address: &Value) -> (bool, bool) {
    let flag = |name: &str| address[name].as_bool().unwrap();
    (flag("default_shipping"), flag("default_billing"))
}
