//! A folder for each subject and layers inside it: which layer may name which, read from the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use repository::arrows::{May, Source, circle, sources};

/// The folders that have layers.
const SUBJECTS: &[&str] = &[
    "checkout",
    "fulfillment",
    "intents",
    "orders",
    "payments",
    "personal_data",
    "returns",
    "saga",
    "shortfalls",
];

/// Subjects whose tables others write within their own transactions, on purpose: a change of an order writes its new
/// version and its event, and wakes its saga.
const SHARED_TABLES: &[&str] = &["orders", "saga"];
/// Which other subjects' tables a subject may name: a saga writes what became of its order's payment.
const SHARED_BY_TWO: &[(&str, &str)] = &[("saga", "payments")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// `values`
    Values,
    /// `<subject>::model`
    Model,
    /// `<subject>::ports`
    Ports,
    /// Files directly in the folder of a subject.
    UseCases,
    /// `<subject>::http`, `infrastructure::http` and `http`
    Http,
    /// `<subject>::postgres` and `infrastructure::postgres`
    Postgres,
    /// `payments::providers`
    Providers,
    /// `infrastructure::product_client`
    ProductClient,
    FailPoint,
    App,
    /// The root that assembles the others: it may name all of them, and none may name it.
    Process,
}

const PURE: &[&str] = &[
    "axum", "reqwest", "sqlx", "utoipa", "garde", "clap", "tokio", "tracing", "metrics",
];
const OUTSIDE: &[&str] = &["axum", "reqwest", "sqlx", "utoipa", "garde", "clap"];

/// `None`: anything.
fn may(layer: Layer) -> Option<May<Layer>> {
    use Layer::{
        App, FailPoint, Http, Model, Ports, Postgres, Process, ProductClient, Providers, UseCases,
        Values,
    };
    Some(match layer {
        Values => May {
            layers: &[Values],
            ours: &["clock::Jitter", "ids", "money"],
            never: PURE,
        },
        Model => May {
            layers: &[Values, Model],
            ours: &["money"],
            never: PURE,
        },
        Ports => May {
            layers: &[Values, Model, Ports],
            ours: &["money"],
            never: OUTSIDE,
        },
        UseCases => May {
            layers: &[Values, Model, Ports, UseCases, FailPoint],
            ours: &[
                "money",
                "telemetry::TraceContext",
                "telemetry::chain",
                "clock",
                "idempotency",
                "web::current_trace",
                "web::in_trace",
            ],
            never: OUTSIDE,
        },
        Http => May {
            layers: &[Values, Model, Ports, UseCases, Http, App],
            ours: &["access", "clock", "idempotency", "ids", "money", "web"],
            never: &["reqwest", "sqlx"],
        },
        Postgres => May {
            layers: &[Values, Model, Ports, Postgres, FailPoint],
            ours: &["clock", "db", "idempotency", "money"],
            never: &["axum", "reqwest"],
        },
        Providers => May {
            layers: &[Values, Model, Ports, Providers],
            ours: &["clock", "db", "money", "web::json", "webhooks"],
            never: &["axum"],
        },
        ProductClient => May {
            layers: &[Values, Model, Ports, ProductClient],
            ours: &["access::internal", "money", "web::call"],
            never: &["axum", "sqlx"],
        },
        App => May {
            layers: &[
                Values,
                Model,
                Ports,
                UseCases,
                Postgres,
                Providers,
                ProductClient,
                App,
                Process,
            ],
            ours: &[
                "access",
                "clock",
                "db",
                "idempotency",
                "ids",
                "money",
                "telemetry",
                "web",
            ],
            never: &["reqwest"],
        },
        FailPoint | Process => return None,
    })
}

/// The layer of a path from the root of the crate, by its first segments.
fn layer_of(path: &[String]) -> Layer {
    let first = path.first().map(String::as_str);
    let second = path.get(1).map(String::as_str);
    match (first, second) {
        (Some("values"), _) => Layer::Values,
        (Some("http"), _) | (Some("infrastructure"), Some("http")) => Layer::Http,
        (Some("infrastructure"), Some("postgres")) => Layer::Postgres,
        (Some("infrastructure"), Some("product_client")) => Layer::ProductClient,
        (Some("fail_point"), _) => Layer::FailPoint,
        (Some("app"), _) => Layer::App,
        (Some(subject), within) if SUBJECTS.contains(&subject) => match within {
            Some("model") => Layer::Model,
            Some("ports") => Layer::Ports,
            Some("http") => Layer::Http,
            Some("postgres") => Layer::Postgres,
            Some("providers") => Layer::Providers,
            Some(_) | None => Layer::UseCases,
        },
        _ => Layer::Process,
    }
}

fn crate_sources() -> Vec<Source> {
    sources(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The paths that this source names and its layer may not.
fn violations(layer: Layer, source: &Source) -> Vec<String> {
    let mut broken = may(layer).map_or_else(Vec::new, |may| may.violations(source, layer_of));
    let foreign = source.paths().into_iter();
    let foreign = foreign.filter(|path| names_foreign_tables(source, path));
    broken.extend(foreign.map(|path| format!("crate::{}", path.join("::"))));
    broken
}

/// Whether SQL of one subject names that of another one without need.
fn names_foreign_tables(source: &Source, path: &[String]) -> bool {
    let subject = |path: &[String]| {
        let first = path.first().filter(|_| layer_of(path) == Layer::Postgres)?;
        SUBJECTS.iter().find(|subject| **subject == first.as_str())
    };
    let (Some(from), Some(to)) = (subject(&source.module), subject(path)) else {
        return false;
    };
    from != to && !SHARED_TABLES.contains(to) && !SHARED_BY_TWO.contains(&(*from, *to))
}

#[test]
fn the_arrows_point_inward() {
    for source in crate_sources() {
        let layer = layer_of(&source.module);
        let broken = violations(layer, &source);
        assert!(
            broken.is_empty(),
            "{} ({layer:?}) must not name {broken:?}",
            source.module.join("/")
        );
    }
}

#[test]
fn every_folder_and_every_layer_is_known() {
    let sources = crate_sources();
    let folders: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.module.len() > 1)
        .map(|source| source.module[0].as_str())
        .collect();
    let others = ["audit", "http", "infrastructure", "values"];
    let known: BTreeSet<&str> = SUBJECTS.iter().copied().chain(others).collect();
    assert_eq!(folders, known);
    for layer in [
        Layer::Values,
        Layer::Model,
        Layer::Ports,
        Layer::UseCases,
        Layer::Http,
        Layer::Postgres,
        Layer::Providers,
        Layer::ProductClient,
    ] {
        let files = sources
            .iter()
            .filter(|source| layer_of(&source.module) == layer);
        assert!(
            files.count() > 1,
            "{layer:?} has no files: this test looks in the wrong place"
        );
    }
}

#[test]
fn models_of_subjects_name_each_other_in_one_direction() {
    let mut named = BTreeMap::<String, BTreeSet<String>>::new();
    for source in crate_sources() {
        if layer_of(&source.module) == Layer::Model {
            let subject = source.module[0].clone();
            let others = source.paths().into_iter().map(|path| path[0].clone());
            let others = others.filter(|other| *other != subject && other != "values");
            named.entry(subject.clone()).or_default().extend(others);
        }
    }
    assert_eq!(circle(&named), BTreeSet::new());
}

#[test]
fn an_arrow_outward_is_seen() {
    let seen = |module: &str, text: &str| {
        let source = Source::new(Path::new(module), text);
        violations(layer_of(&source.module), &source)
    };
    let model = "orders/model/order";
    assert_eq!(
        seen(model, "use crate::{values::Sku, orders::ports::Orders};"),
        ["crate::orders::ports::Orders"]
    );
    assert_eq!(
        seen(model, "use super::super::postgres::row;"),
        ["crate::orders::postgres::row"]
    );
    assert_eq!(seen(model, "use sqlx::PgPool;"), ["sqlx"]);
    assert_eq!(
        seen(model, "fn now() { clock::Clock::system(); }"),
        ["clock::Clock"]
    );
    assert_eq!(
        seen("values/sku", "use crate::orders::model::Order;"),
        ["crate::orders::model::Order"]
    );
    assert_eq!(
        seen("orders/ports", "use crate::checkout::PlaceOrder;"),
        ["crate::checkout::PlaceOrder"]
    );
    let use_case = "checkout/place_order";
    assert_eq!(
        seen(use_case, "use super::{model::NewOrder, postgres::create};"),
        ["crate::checkout::postgres::create"]
    );
    assert_eq!(
        seen(
            use_case,
            "let pool = crate::infrastructure::postgres::pool();"
        ),
        ["crate::infrastructure::postgres::pool"]
    );
    assert_eq!(
        seen(use_case, "use web::{Problem, current_trace};"),
        ["web::Problem"]
    );
    assert_eq!(
        seen("orders/http/get_order", "use crate::orders::postgres::row;"),
        ["crate::orders::postgres::row"]
    );
    assert_eq!(
        seen("orders/postgres", "use crate::{orders::http, app::App};"),
        ["crate::app::App", "crate::orders::http"]
    );
    assert_eq!(
        seen(
            "returns/postgres/returns",
            "use crate::{orders::postgres::row, infrastructure::postgres::leases, fulfillment::postgres::shipments};"
        ),
        ["crate::fulfillment::postgres::shipments"]
    );
    assert_eq!(
        seen("app", "use crate::{http::routes, saga::http};"),
        ["crate::http::routes", "crate::saga::http"]
    );
    assert_eq!(
        seen(
            model,
            "//! Not of `sqlx::PgPool`, not of crate::app.\nuse money::Money;\n\n#[cfg(test)]\nmod tests { use crate::app; }"
        ),
        Vec::<String>::new()
    );
    let one = |other: &str| BTreeSet::from([other.to_owned()]);
    let round = BTreeMap::from([
        ("orders".to_owned(), one("payments")),
        ("payments".to_owned(), one("orders")),
        ("saga".to_owned(), one("orders")),
    ]);
    assert_eq!(circle(&round).len(), 3);
}
