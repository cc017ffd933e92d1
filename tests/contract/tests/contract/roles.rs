//! The role matrix: every operation of every document is called on an object of another user as a guest, a customer, a
//! vendor and an admin, and by the holders of two custom roles, of which one has only the permissions of the operation and
//! the other lacks one of them. What customers and vendors cannot reach for that reason alone, its owner reaches.

mod cast;
mod matrix;

use std::collections::{BTreeMap, BTreeSet};

use access::permissions::{self, Reach};
use anyhow::{Context, Result};
use local_shop::Workload;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use self::{
    cast::{Cast, EMPTY, PASSWORD, Person},
    matrix::Row,
};
use crate::{conformance, document};

const MATRIX: [(Workload, &[Row]); 3] = [
    (Workload::Auth, matrix::AUTH),
    (Workload::Product, matrix::PRODUCT),
    (Workload::Order, matrix::ORDER),
];

/// Permissions of operations that do not exist yet.
const WITHOUT_OPERATION: [&str; 0] = [];

/// An operation of a document.
struct Operation {
    method: Method,
    /// Below `/api/v1`, with the names of parameters.
    path: String,
    /// The example of the body.
    body: Option<Value>,
    is_public: bool,
}

/// A column of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Guest,
    Customer,
    Vendor,
    Admin,
    /// The holder of a role with only the permissions of the operation.
    Only,
    /// The holder of a role with all permissions but one of the operation's.
    Others,
    /// The customer whose object it is.
    Bob,
    /// The vendor whose object it is.
    Vera,
}

use Column::{Admin, Bob, Customer, Guest, Only, Others, Vendor, Vera};

fn operations(workload: Workload) -> BTreeMap<String, Operation> {
    let text = std::fs::read_to_string(document(workload.database())).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let schema = schema["$ref"].as_str().unwrap_or("#");
            let schema = document.pointer(schema.trim_start_matches('#'));
            let body = schema.and_then(|schema| schema.get("example")).cloned();
            let security = operation["security"].as_array();
            let operation = Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.trim_start_matches("/api/v1/").to_owned(),
                body,
                is_public: security
                    .is_some_and(|list| list.is_empty() || list.contains(&json!({}))),
            };
            operations.insert(id.to_owned(), operation);
        }
    }
    operations
}

#[test]
fn every_operation_of_every_document_has_a_row_and_every_permission_is_required_by_one() {
    let mut required = BTreeSet::new();
    for (workload, rows) in MATRIX {
        let operations = operations(workload);
        let documented: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
        let in_rows: BTreeSet<&str> = rows.iter().map(|(id, ..)| *id).collect();
        assert_eq!(in_rows.len(), rows.len(), "{workload}: a row occurs twice");
        let missing: Vec<_> = documented.difference(&in_rows).collect();
        assert!(missing.is_empty(), "{workload}: without a row: {missing:?}");
        let unknown: Vec<_> = in_rows.difference(&documented).collect();
        assert!(
            unknown.is_empty(),
            "{workload}: no such operation: {unknown:?}"
        );
        for (id, permission, [guest, ..]) in rows {
            let signed = *id == "receive_payment_webhook";
            let open = *guest != "401" || signed;
            assert_eq!(operations[*id].is_public, open, "{id} and its security");
            required.extend(permission.split_whitespace());
        }
    }
    let all = permissions::table().iter().map(|row| row.name);
    let unused: Vec<_> = all.filter(|name| !required.contains(name)).collect();
    assert_eq!(
        unused, WITHOUT_OPERATION,
        "permissions that no row requires"
    );
}

/// The widest reach of a permission, as a grant, and the place of a role with it among the columns.
fn widest(permission: &str) -> (String, usize) {
    let row = permissions::table()
        .iter()
        .find(|row| row.name == permission);
    let (place, (_, reach)) = row
        .unwrap()
        .holders()
        .map(|(role, reach)| (role_column(role), (role, reach)))
        .max_by_key(|(_, (_, reach))| *reach)
        .unwrap();
    let own = if reach == Reach::Own { ":own" } else { "" };
    (format!("{permission}{own}"), place)
}

fn role_column(role: access::Role) -> usize {
    match role {
        access::Role::Customer => 1,
        access::Role::Vendor => 2,
        access::Role::Admin => 3,
    }
}

/// The cells of a row that need no custom role.
fn cells(workload: Workload, row: &Row) -> Vec<(Column, &'static str)> {
    let (_, _, built_in) = row;
    let columns = [Guest, Customer, Vendor, Admin];
    let mut cells: Vec<_> = columns.into_iter().zip(*built_in).collect();
    let [_, customer, vendor, _] = *built_in;
    if customer == "404" && workload != Workload::Product {
        cells.push((Bob, "ok"));
    }
    if vendor == "404" && workload != Workload::Auth {
        cells.push((Vera, "ok"));
    }
    cells
}

/// The custom roles for an operation.
struct Custom {
    only: Vec<String>,
    others: Vec<String>,
    cells: [(Column, &'static str); 2],
}

/// The custom roles for each permission that the second one lacks.
fn custom_roles(row: &Row) -> Vec<Custom> {
    let (_, required, built_in) = row;
    let grants = |names: Vec<&str>| names.into_iter().map(|name| widest(name).0).collect();
    let required: Vec<&str> = required.split_whitespace().collect();
    let roles = required.iter().map(|lacking| {
        let others = permissions::table().iter().map(|row| row.name);
        let others = others.filter(|name| name != lacking).collect();
        // One permission reaches as far as in the built-in role in which it reaches furthest.
        let only = built_in[widest(required[0]).1];
        // What is public needs no permission; a draft does not exist for those who lack it.
        let without = if built_in[0] == "401" {
            "403"
        } else {
            built_in[0]
        };
        Custom {
            only: grants(required.clone()),
            others: grants(others),
            cells: [(Only, only), (Others, without)],
        }
    });
    roles.collect()
}

/// What a status says about the caller. A conflict and a value that does not fit are found out only after the caller has been
/// admitted and the object found.
fn class(status: StatusCode) -> String {
    match status.as_u16() {
        200..=299 | 409 | 422 => "ok".to_owned(),
        other => other.to_string(),
    }
}

impl Cast {
    fn person(&self, column: Column) -> Option<&Person> {
        match column {
            Guest => None,
            Customer => Some(&self.customer),
            Vendor => Some(&self.vendor),
            Admin => Some(&self.admin),
            Only => Some(&self.only),
            Others => Some(&self.others),
            Bob => Some(&self.bob),
            Vera => Some(&self.vera),
        }
    }

    /// The path with Bob's and Vera's objects for its parameters; what an operation removes is made for it.
    async fn path(&self, id: &str, path: &str, column: Column) -> Result<String> {
        let objects = &self.objects;
        let of = |name: &str, value: &str| path.replace(name, value);
        let root = path.split('/').next().unwrap_or_default();
        Ok(match (id, root) {
            ("revoke_api_key", _) => of("{id}", &self.api_key().await?.0),
            ("delete_product", _) => of("{id}", &self.draft().await?),
            ("delete_role", _) => {
                self.create_role("obsolete").await?;
                of("{name}", "obsolete")
            }
            ("remove_role", _) => {
                self.assign(&self.subject, EMPTY).await?;
                of("{role}", EMPTY).replace("{id}", &self.subject.id)
            }
            ("delete_user", _) if column != Bob => of("{id}", &self.another(id, column).await?.id),
            ("assign_role" | "suspend_user" | "activate_user" | "reset_mfa", _) => {
                of("{id}", &self.subject.id)
            }
            ("delete_address", _) => {
                of("{address}", &self.address().await?).replace("{id}", &self.bob.id)
            }
            ("end_session", _) => of("{id}", &self.session().await?),
            (_, "users") => of("{id}", &self.bob.id).replace("{address}", &objects.address),
            ("list_orders_of_user" | "list_payments_of_user", _) => of("{id}", &self.bob.id),
            ("list_orders_by_status", _) => of("{status}", "pending"),
            ("list_payments_by_status", _) => of("{status}", "captured"),
            ("receive_payment_webhook", _) => of("{provider}", "mock"),
            (_, "roles") => of("{name}", EMPTY),
            (_, "products") => of("{id}", &objects.draft),
            (_, "inventory") => of("{sku}", &objects.sku),
            (_, "orders") => of("{id}", &objects.order),
            (_, "payments") => of("{id}", &objects.payment),
            (_, "fulfillments") => of("{id}", &objects.fulfillment),
            (_, "returns") => of("{id}", &objects.returned),
            (_, "sagas") => of("{id}", &objects.saga),
            _ => path.to_owned(),
        })
    }

    /// A user who is there for one cell only.
    async fn another(&self, id: &str, column: Column) -> Result<Person> {
        let name = format!("{id}-{column:?}").to_lowercase();
        self.register(&name.replace('_', "-"), "customer").await
    }

    /// A body for which only the caller decides about the answer; by default the document's example.
    async fn body(&self, id: &str, example: Option<Value>) -> Result<Option<Value>> {
        Ok(Some(match id {
            "log_in" => json!({ "email": self.vera.email, "password": PASSWORD }),
            "refresh_session" => {
                let login = self.log_in(&self.vera.email).await?;
                json!({ "refresh_token": login.refresh })
            }
            "exchange_api_key" => json!({ "api_key": self.api_key().await?.1 }),
            "create_api_key" => json!({ "name": "Key", "permissions": ["api_keys:write:own"] }),
            "create_role" => json!({ "name": "another", "permissions": [] }),
            "patch_role" => json!({ "description": "Permits nothing." }),
            "assign_role" => json!({ "role": EMPTY }),
            "create_order" => json!({ "items": [{ "sku": self.objects.sku, "quantity": 1 }] }),
            "create_payment" => {
                json!({ "order_id": self.objects.order, "payment_method": "mock_ok" })
            }
            "receive_payment_webhook" => json!({}),
            _ => return Ok(example),
        }))
    }

    async fn answer(
        &self,
        workload: Workload,
        id: &str,
        operation: &Operation,
        column: Column,
    ) -> Result<StatusCode> {
        let path = self.path(id, &operation.path, column).await?;
        let mut request = self.anonymous(&operation.method, workload, &path);
        if let Some(body) = self.body(id, operation.body.clone()).await? {
            request = request.json(&body);
        }
        if let Some(person) = self.person(column) {
            // What ends the caller's own tokens is called in a session, or by an account, that nothing else needs.
            let token = match id {
                "log_out" => self.log_in(&person.email).await?.access,
                "log_out_all" | "change_password" | "delete_account" => {
                    let user = self.another(id, column).await?;
                    for role in match column {
                        Vendor => &["vendor"][..],
                        Admin => &["admin"],
                        _ => &[],
                    } {
                        self.assign(&user, role).await?;
                    }
                    self.log_in(&user.email).await?.access
                }
                _ => person.access.clone(),
            };
            request = request.bearer_auth(token);
        }
        Ok(request.send().await?.status())
    }
}

/// The cells so far, and those with another answer than the matrix's.
#[derive(Default)]
struct Tally {
    cells: usize,
    wrong: Vec<String>,
}

#[tokio::test]
async fn each_role_is_answered_as_the_matrix_says() {
    let mut cast = Cast::gather(conformance::start()).await.unwrap();
    let mut tally = Tally::default();
    for (workload, rows) in MATRIX {
        let operations = operations(workload);
        for row in rows {
            let (id, operation) = (row.0, &operations[row.0]);
            for (column, expected) in cells(workload, row) {
                let status = cast.answer(workload, id, operation, column).await;
                tally.add(id, column, status, expected);
            }
            for role in custom_roles(row) {
                cast.hold(&role.only, &role.others).await.unwrap();
                for (column, expected) in role.cells {
                    let status = cast.answer(workload, id, operation, column).await;
                    tally.add(id, column, status, expected);
                }
            }
        }
    }
    let Tally { cells, wrong } = tally;
    eprintln!("role matrix: {cells} cells, {} failures", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl Tally {
    fn add(&mut self, id: &str, column: Column, status: Result<StatusCode>, expected: &str) {
        let status = status.with_context(|| format!("{id} {column:?}")).unwrap();
        self.cells += 1;
        if class(status) != expected {
            let cell = format!("{id} {column:?}: {status} instead of {expected}");
            self.wrong.push(cell);
        }
    }
}
