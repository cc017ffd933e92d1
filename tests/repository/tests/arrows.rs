//! Auth and product have a folder for each subject with layers inside it, like the order service: HTTP imports use cases, use
//! cases import models, and other subjects may import what the subject's own file exports, never its HTTP or its SQL.

use std::{fs, path::Path};

use repository::{
    arrows::{FREE_LIBRARIES, LIBRARIES, May, Source, sources},
    root,
};

struct Service {
    folder: &'static str,
    /// The folders that have layers.
    subjects: &'static [&'static str],
}

const AUTH: Service = Service {
    folder: "services/auth",
    subjects: &[
        "accounts",
        "addresses",
        "api_keys",
        "audit",
        "credentials",
        "erasures",
        "events",
        "export",
        "limits",
        "mfa",
        "roles",
        "sessions",
        "settings",
        "tokens",
    ],
};

const PRODUCT: Service = Service {
    folder: "services/product",
    subjects: &[
        "catalog/products",
        "stock/inventory",
        "stock/locations",
        "stock/reservations",
        "stock/shortfalls",
    ],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// `<subject>::model`
    Model,
    /// Files directly in the folder of a subject, and what the subject's own file exports.
    UseCases,
    /// `<subject>::http`
    Http,
    /// `<subject>::postgres`
    Postgres,
    /// `http`: the routes of all subjects, and code that their endpoints share.
    SharedHttp,
    /// Code that the SQL of several subjects shares.
    SharedPostgres,
    /// The state that all requests share.
    App,
    /// The code that wires the others together.
    Process,
}

fn may(layer: Layer) -> Option<May<Layer>> {
    use Layer::{App, Http, Model, Postgres, Process, SharedHttp, SharedPostgres, UseCases};
    Some(match layer {
        Model => May {
            layers: &[Model],
            // A role is stored with an account, and free JSON with a product.
            ours: &["access", "idempotency::hash", "ids", "money", "web::json"],
            never: &["axum", "clap", "garde", "reqwest", "tokio", "tracing"],
        },
        UseCases => May {
            layers: &[Model, UseCases, Postgres, SharedPostgres, App],
            ours: &[
                "access",
                "clock",
                "db",
                "idempotency",
                "money",
                "web::conditional",
                "web::limit",
                "web::server",
            ],
            never: &["axum", "garde", "reqwest", "utoipa"],
        },
        Http => May {
            layers: &[Model, UseCases, Http, SharedHttp, App],
            ours: &["access", "clock", "idempotency", "ids", "money", "web"],
            never: &["reqwest", "sqlx"],
        },
        Postgres => May {
            layers: &[Model, Postgres, SharedPostgres],
            ours: &["access", "clock", "db", "web::list"],
            never: &["axum", "garde", "reqwest", "utoipa"],
        },
        SharedHttp => May {
            layers: &[
                Model,
                UseCases,
                Http,
                SharedHttp,
                SharedPostgres,
                App,
                Process,
            ],
            ours: &["access", "db", "idempotency", "web"],
            never: &["reqwest"],
        },
        SharedPostgres => May {
            layers: &[Model, SharedPostgres],
            ours: &["clock", "db", "idempotency"],
            never: &["axum", "garde", "reqwest", "utoipa"],
        },
        App => May {
            layers: &[Model, UseCases, Http, SharedPostgres, App],
            ours: &["access", "clock", "db", "idempotency", "money", "web"],
            never: &["reqwest"],
        },
        Process => return None,
    })
}

impl Service {
    /// The subject of a path, and the rest of the path.
    fn subject<'a>(&self, path: &'a [String]) -> Option<(&'static str, &'a [String])> {
        self.subjects.iter().find_map(|subject| {
            let depth = subject.split('/').count();
            let within = path.len() >= depth && subject.split('/').eq(&path[..depth]);
            within.then(|| (*subject, &path[depth..]))
        })
    }

    fn layer_of(&self, path: &[String]) -> Layer {
        if let Some((_, within)) = self.subject(path) {
            return match within.first().map(String::as_str) {
                Some("model") => Layer::Model,
                Some("http") => Layer::Http,
                Some("postgres") => Layer::Postgres,
                Some(_) | None => Layer::UseCases,
            };
        }
        let mut path = path.iter().map(String::as_str);
        match (path.next(), path.next()) {
            (Some("http" | "guests"), _) | (Some("infrastructure"), Some("http")) => {
                Layer::SharedHttp
            }
            (Some("fail_point"), _) | (Some("infrastructure" | "stock"), Some("postgres")) => {
                Layer::SharedPostgres
            }
            (Some("audit"), _) => Layer::UseCases,
            (Some("app"), _) => Layer::App,
            _ => Layer::Process,
        }
    }

    /// The paths that this source names and must not name.
    fn violations(&self, source: &Source) -> Vec<String> {
        let layer = self.layer_of(&source.module);
        let mut broken = may(layer).map_or_else(Vec::new, |may| {
            may.violations(source, |path| self.layer_of(path))
        });
        let Some((own, _)) = self.subject(&source.module) else {
            return broken;
        };
        let foreign = source.paths().into_iter().filter(|path| {
            let inner = matches!(self.layer_of(path), Layer::Http | Layer::Postgres);
            inner && self.subject(path).is_some_and(|(other, _)| other != own)
        });
        broken.extend(foreign.map(|path| format!("crate::{}", path.join("::"))));
        broken.sort();
        broken.dedup();
        broken
    }
}

#[test]
fn the_arrows_point_inward() {
    let mut broken = Vec::new();
    for service in [AUTH, PRODUCT] {
        for source in sources(&root().join(service.folder)).unwrap() {
            let module = source.module.join("/");
            let named = service.violations(&source).into_iter();
            broken.extend(named.map(|path| format!("{}: {module} names {path}", service.folder)));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_subject_and_every_layer_is_known() {
    for service in [AUTH, PRODUCT] {
        let sources = sources(&root().join(service.folder)).unwrap();
        for subject in service.subjects {
            let file = format!("{}/src/{subject}.rs", service.folder);
            assert!(root().join(&file).exists(), "{file}");
        }
        // A folder with layers that is not a subject would belong to the process, which may name everything.
        for source in &sources {
            let layers = ["model", "http", "postgres"];
            let layered = source
                .module
                .iter()
                .skip(1)
                .any(|part| layers.contains(&&**part));
            let layer = service.layer_of(&source.module);
            assert!(
                !layered || layer != Layer::Process,
                "{:?} is of no subject",
                source.module
            );
        }
        for layer in [Layer::Model, Layer::UseCases, Layer::Http, Layer::Postgres] {
            let files = sources
                .iter()
                .filter(|source| service.layer_of(&source.module) == layer);
            assert!(
                files.count() > 1,
                "{}: {layer:?} has no files",
                service.folder
            );
        }
    }
}

/// A library in neither list would not be checked by any test of imports.
#[test]
fn every_library_is_known() {
    let folders = fs::read_dir(root().join("libs")).unwrap();
    let mut found: Vec<String> = folders
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut known = [&LIBRARIES[..], &FREE_LIBRARIES].concat();
    found.sort();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn an_outward_import_is_detected() {
    let seen = |module: &str, text: &str| PRODUCT.violations(&Source::new(Path::new(module), text));
    assert_eq!(
        seen(
            "stock/inventory/model",
            "use crate::stock::inventory::postgres::movements;\nuse axum::Json;\nuse db::Pool;"
        ),
        [
            "axum",
            "crate::stock::inventory::postgres::movements",
            "db::Pool"
        ]
    );
    assert_eq!(
        seen(
            "stock/inventory/change_on_hand",
            "use super::postgres::movements;\nuse crate::stock::reservations::postgres::holds;\nuse web::Problem;"
        ),
        [
            "crate::stock::reservations::postgres::holds",
            "web::Problem"
        ]
    );
    assert_eq!(
        seen(
            "stock/shortfalls/http/settle_shortfalls",
            "use crate::{app::App, stock::{reservations::http::check, shortfalls::postgres::settle}};"
        ),
        [
            "crate::stock::reservations::http::check",
            "crate::stock::shortfalls::postgres::settle"
        ]
    );
    assert_eq!(
        seen(
            "stock/reservations/postgres/holds",
            "use super::super::settle::Outcome;"
        ),
        ["crate::stock::reservations::settle::Outcome"]
    );
}

#[test]
fn the_library_of_the_database_knows_no_http() {
    let manifest = fs::read_to_string(root().join("libs/db/Cargo.toml")).unwrap();
    let dependencies = manifest
        .lines()
        .filter_map(|line| line.split(['.', ' ']).next());
    let http: Vec<&str> = dependencies
        .filter(|name| ["axum", "hyper", "tower", "web"].contains(name))
        .collect();
    assert_eq!(http, Vec::<&str>::new());
}
