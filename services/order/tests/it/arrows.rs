//! A folder for each subject and layers inside it: which layer may name which, read from the sources.

mod names;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use self::names::{code, named};

/// The folders that have layers.
const SUBJECTS: &[&str] = &[
    "checkout",
    "fulfillment",
    "intents",
    "orders",
    "payments",
    "returns",
    "saga",
    "shortfalls",
];

/// Subjects whose tables others write within their own transactions, on purpose: whoever changes an order writes its new
/// version and its event, and wakes its saga.
const SHARED_TABLES: &[&str] = &["orders", "saga"];
/// Which other subjects' tables a subject may name: an order is placed in one transaction with its key, and a saga writes
/// what became of its order's payment.
const SHARED_BY_TWO: &[(&str, &str)] = &[("orders", "checkout"), ("saga", "payments")];

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
    /// What puts the others together: it may name all of them, and none of them it.
    Process,
}

/// What a layer may name.
struct May {
    layers: &'static [Layer],
    /// Our libraries, as the paths that it may name of them.
    ours: &'static [&'static str],
    /// Crates of the outside that it may not name.
    never: &'static [&'static str],
}

const PURE: &[&str] = &[
    "axum", "reqwest", "sqlx", "utoipa", "garde", "clap", "tokio", "tracing", "metrics",
];
const OUTSIDE: &[&str] = &["axum", "reqwest", "sqlx", "utoipa", "garde", "clap"];

/// `None`: anything.
fn may(layer: Layer) -> Option<May> {
    use Layer::{
        App, FailPoint, Http, Model, Ports, Postgres, Process, ProductClient, Providers, UseCases,
        Values,
    };
    Some(match layer {
        Values => May {
            layers: &[Values],
            ours: &["ids", "money"],
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
                "clock",
                "web::idempotency",
                "web::current_trace",
                "web::in_trace",
            ],
            never: OUTSIDE,
        },
        Http => May {
            layers: &[Values, Model, Ports, UseCases, Http, App],
            ours: &["clock", "ids", "money", "web"],
            never: &["reqwest", "sqlx"],
        },
        Postgres => May {
            layers: &[Values, Model, Ports, Postgres, FailPoint],
            ours: &["clock", "money", "postgres"],
            never: &["axum", "reqwest"],
        },
        Providers => May {
            layers: &[Values, Model, Ports, Providers],
            ours: &["money", "postgres", "clock", "web::json", "web::signature"],
            never: &["axum"],
        },
        ProductClient => May {
            layers: &[Values, Model, Ports, ProductClient],
            ours: &["money", "web::internal", "web::current_trace"],
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
            ours: &["clock", "ids", "money", "postgres", "telemetry", "web"],
            never: &["reqwest"],
        },
        FailPoint | Process => return None,
    })
}

/// Where a path from the root of the crate leads to, by its first segments.
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

/// A file of this crate: its module's path from the root, and its code without comments and tests.
struct Source {
    module: Vec<String>,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            let segment = |part: &std::ffi::OsStr| part.to_str().unwrap().to_owned();
            found.push(Source {
                module: module.iter().map(segment).collect(),
                code: code(&fs::read_to_string(&path).unwrap()),
            });
        }
    }
    found
}

#[test]
fn the_arrows_point_inward() {
    for source in sources() {
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
    let sources = sources();
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
    for source in sources() {
        if layer_of(&source.module) == Layer::Model {
            let subject = source.module[0].clone();
            let others = paths(&source).into_iter().map(|path| path[0].clone());
            let others = others.filter(|other| *other != subject && other != "values");
            named.entry(subject.clone()).or_default().extend(others);
        }
    }
    assert_eq!(circle(&named), BTreeSet::new());
}

#[test]
fn an_arrow_outward_is_seen() {
    let seen = |module: &str, text: &str| {
        let source = Source {
            module: module.split('/').map(str::to_owned).collect(),
            code: code(text),
        };
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
        seen(use_case, "use web::{Problem, clock::Clock};"),
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

/// The paths that this source names and its layer may not.
fn violations(layer: Layer, source: &Source) -> Vec<String> {
    let Some(May {
        layers,
        ours,
        never,
    }) = may(layer)
    else {
        return Vec::new();
    };
    let inside = paths(source).into_iter();
    let inside = inside
        .filter(|path| !layers.contains(&layer_of(path)) || names_foreign_tables(source, path));
    let mut broken: BTreeSet<String> = inside
        .map(|path| format!("crate::{}", path.join("::")))
        .collect();
    let others = without_own_imports(&source.code);
    for library in ["clock", "ids", "web", "telemetry", "money", "postgres"] {
        for path in named(&others, library) {
            let item = path.first().cloned().unwrap_or_default();
            let allowed = |may: &&str| {
                *may == library || may.trim_end_matches('!') == format!("{library}::{item}")
            };
            if !ours.iter().any(allowed) {
                broken.insert(format!("{library}::{item}"));
            }
        }
    }
    let outside = never.iter().filter(|name| !named(&others, name).is_empty());
    broken.extend(outside.map(|name| (*name).to_owned()));
    broken.into_iter().collect()
}

/// Whether SQL of one subject names that of another one without need.
fn names_foreign_tables(source: &Source, path: &[String]) -> bool {
    let (from, to) = (source.module[0].as_str(), path[0].as_str());
    let both_sql = [source.module.as_slice(), path]
        .iter()
        .all(|path| layer_of(path) == Layer::Postgres && SUBJECTS.contains(&path[0].as_str()));
    both_sql && from != to && !SHARED_TABLES.contains(&to) && !SHARED_BY_TWO.contains(&(from, to))
}

/// A folder of ours may be called as a library is.
fn without_own_imports(code: &str) -> String {
    let own = |statement: &&str| {
        let statement = statement.trim_start();
        statement.starts_with("use crate::") || statement.starts_with("use super::")
    };
    let statements = code.split(';').filter(|statement| !own(statement));
    statements.collect::<Vec<_>>().join(";")
}

/// What a source names of its own crate, as paths from the root.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let mut paths = named(&source.code, "crate");
    for mut path in named(&source.code, "super") {
        let mut at = source.module.len() - 1;
        while path.first().is_some_and(|first| first == "super") {
            path.remove(0);
            at -= 1;
        }
        paths.push(source.module[..at].iter().cloned().chain(path).collect());
    }
    paths
}

/// Those that a chain of names leads back from to themselves, or that name such.
fn circle(named: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut left = named.clone();
    loop {
        let done: Vec<String> = left
            .iter()
            .filter(|(_, others)| others.iter().all(|other| !left.contains_key(other)))
            .map(|(subject, _)| subject.clone())
            .collect();
        if done.is_empty() {
            return left.into_keys().collect();
        }
        for subject in done {
            left.remove(&subject);
        }
    }
}
