//! Bad input through the ingress: each request is refused with its status and a problem document, none with a 5xx.

mod auth;
mod order;
mod product;

use e2e::{Answer, Person, Shop, shop::Product};
use reqwest::RequestBuilder;

use crate::stacks::calm;

/// A UUID that no object has.
const UNUSED: &str = "00000000-0000-7000-8000-000000000000";
const TEN_MEBIBYTES: usize = 10 * 1024 * 1024;

/// Requests by the status that they must be answered with.
type Table<const STATUSES: usize> = [(u16, Vec<(&'static str, RequestBuilder)>); STATUSES];

/// A body as text, which is JSON by its header.
fn text(request: RequestBuilder, body: impl Into<String>) -> RequestBuilder {
    request
        .header("Content-Type", "application/json")
        .body(body.into())
}

/// The users and the objects of the requests.
struct Stage {
    shop: Shop,
    vendor: Person,
    rival: Person,
    customer: Person,
    neighbour: Person,
    product: Product,
    order: String,
}

async fn stage() -> Stage {
    let shop = calm().await.stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let product = vendor.sells("Rolling pin", "21.00", 5).await.unwrap();
    let order = customer.orders(&product.sku, 1).await.unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (rival, neighbour) = (
        shop.register("vendor").await.unwrap(),
        shop.register("customer").await.unwrap(),
    );
    Stage {
        shop,
        vendor,
        rival,
        customer,
        neighbour,
        product,
        order,
    }
}

/// Sends all requests, and fails with all unexpected responses.
async fn refused<const STATUSES: usize>(table: Table<STATUSES>) {
    let mut wrong = Vec::new();
    let rows = table
        .into_iter()
        .flat_map(|(status, rows)| rows.into_iter().map(move |row| (status, row)));
    for (status, (what, request)) in rows {
        let answer = Answer::of(request).await.unwrap();
        let problem = answer.problem_code();
        println!("{status}  {:<28} {what}", problem.as_deref().unwrap_or("-"));
        let challenged = status != 401 || answer.header("www-authenticate").is_some();
        let allows = status != 405 || answer.header("allow").is_some();
        if answer.status != status || problem.is_err() || !challenged || !allows {
            let shown: String = answer.body.chars().take(300).collect();
            wrong.push(format!(
                "{what}: {} instead of {status}, {problem:?}: {shown}",
                answer.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
