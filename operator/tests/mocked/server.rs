//! An API server of hand-written answers: what no rule is about is answered as usual, from the objects that it holds. It
//! notes what it is asked, in whatever order.

use axum::http::{Request, Response, header::CONTENT_TYPE};
use ecommercestack_crds::{EcommerceStack, GROUP};
use kube::{
    Client, CustomResourceExt as _,
    client::{Body, retry::RetryPolicy},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex},
};
use tower::{ServiceBuilder, retry::RetryLayer};
use tower_test::mock::{Handle, SendResponse, pair};

const APPLY: &str = "application/apply-patch+yaml";

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Whether it is a server-side apply.
    pub is_apply: bool,
    pub body: Value,
}

impl Asked {
    /// Method and path without group, version and namespace: `PATCH services/shop-auth`.
    pub fn line(&self) -> String {
        let path = self.path.trim_start_matches('/');
        let (_, within) = path.split_once("namespaces/shops/").unwrap_or(("", path));
        format!("{} {within}", self.method)
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    }
}

#[derive(Clone, Debug)]
pub enum Answer {
    Json(u16, Value),
    /// With the header `Retry-After`, in seconds.
    RetryAfter(u16, u32),
    /// Whatever it is, under 200.
    Text(String),
    /// No answer at all.
    Never,
}

impl Answer {
    /// A refusal as the API server words it.
    pub fn refusal(code: u16, reason: &str, message: &str) -> Self {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "code": code, "reason": reason, "message": message,
        });
        Self::Json(code, status)
    }
}

type Rule = Box<dyn FnMut(&Asked) -> Option<Answer> + Send>;

#[derive(Clone)]
pub struct Server(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// By path.
    objects: BTreeMap<String, Value>,
    rules: Vec<Rule>,
    /// Changes by other clients: before the first request of a line, to the object of a path.
    changes: Vec<(&'static str, &'static str, Value)>,
    asked: Vec<Asked>,
    version: u64,
}

impl Server {
    /// Starts to answer. The client retries requests as the operator's does.
    pub fn start(objects: &[(&str, Value)]) -> (Self, Client) {
        let mut state = State::default();
        for (path, object) in objects {
            state.put((*path).to_owned(), object.clone());
        }
        let server = Self(Arc::new(Mutex::new(state)));
        let (service, handle) = pair::<Request<Body>, Response<Body>>();
        tokio::spawn(server.clone().serve(handle));
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(RetryPolicy::server_retry()))
            .service(service);
        (server, Client::new(service, "shops"))
    }

    /// Adds a rule, whose answers have precedence.
    pub fn rule(&self, rule: impl FnMut(&Asked) -> Option<Answer> + Send + 'static) {
        self.0.lock().unwrap().rules.push(Box::new(rule));
    }

    /// Answers requests of this line so.
    pub fn on(&self, line: &'static str, answer: Answer) {
        self.rule(move |asked| (asked.line() == line).then(|| answer.clone()));
    }

    /// Another client changes an object right before the first request of this line.
    pub fn changes(&self, line: &'static str, path: &'static str, change: Value) {
        self.0.lock().unwrap().changes.push((line, path, change));
    }

    /// A request arrives that the operator has given up.
    pub fn receives(&self, late: &Asked) -> Answer {
        self.0.lock().unwrap().usual(late)
    }

    /// From now on everything is answered as usual.
    pub fn recovers(&self) {
        self.0.lock().unwrap().rules.clear();
    }

    /// An object is there.
    pub fn add(&self, path: &str, object: Value) {
        self.0.lock().unwrap().put(path.to_owned(), object);
    }

    /// An object is gone.
    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().objects.remove(path).unwrap();
    }

    /// An object as it is now.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.0.lock().unwrap().objects.get(path).cloned()
    }

    /// What was asked since the last call.
    pub fn asked(&self) -> Vec<Asked> {
        mem::take(&mut self.0.lock().unwrap().asked)
    }

    async fn serve(self, mut handle: Handle<Request<Body>, Response<Body>>) {
        // Those that are never answered: a dropped one is an error of the connection.
        let mut unanswered: Vec<SendResponse<Response<Body>>> = Vec::new();
        while let Some((request, send)) = handle.next_request().await {
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await.unwrap();
            let content = parts.headers.get(CONTENT_TYPE);
            let asked = Asked {
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                is_apply: content.is_some_and(|content| content == APPLY),
                body: serde_json::from_slice(&body).unwrap_or_default(),
            };
            let (code, wait, text) = match self.answer(asked) {
                Answer::Json(code, body) => (code, None, body.to_string()),
                Answer::RetryAfter(code, seconds) => (code, Some(seconds), String::new()),
                Answer::Text(text) => (200, None, text),
                Answer::Never => {
                    unanswered.push(send);
                    continue;
                }
            };
            let mut response = Response::builder().status(code);
            if let Some(seconds) = wait {
                response = response.header("Retry-After", seconds);
            }
            send.send_response(response.body(Body::from(text.into_bytes())).unwrap());
        }
    }

    fn answer(&self, asked: Asked) -> Answer {
        let mut state = self.0.lock().unwrap();
        state.change_before(&asked.line());
        let given = state.rules.iter_mut().find_map(|rule| rule(&asked));
        let answer = given.unwrap_or_else(|| state.usual(&asked));
        state.asked.push(asked);
        answer
    }
}

impl State {
    fn change_before(&mut self, line: &str) {
        let is_due = |change: &mut (&str, &str, Value)| change.0 == line;
        let due: Vec<_> = self.changes.extract_if(.., is_due).collect();
        for (_, path, patch) in due {
            let mut object = self.objects[path].clone();
            merge(&mut object, &patch);
            self.put(path.to_owned(), object);
        }
    }

    fn usual(&mut self, asked: &Asked) -> Answer {
        let Asked { path, body, .. } = asked;
        match asked.method.as_str() {
            "GET" if path.starts_with("/openapi/") => Answer::Json(200, definition()),
            "GET" => match self.objects.get(path) {
                Some(object) => Answer::Json(200, object.clone()),
                None if is_collection(path) => Answer::Json(200, self.list(path)),
                None => absent(path),
            },
            "POST" => {
                let name = body["metadata"]["name"].as_str().unwrap_or("unnamed");
                Answer::Json(201, self.put(format!("{path}/{name}"), body.clone()))
            }
            "PATCH" => {
                let (path, subresource) = match path.strip_suffix("/status") {
                    Some(path) => (path, true),
                    None => (path.as_str(), false),
                };
                let present = self.objects.get(path).cloned();
                // An apply makes what is absent; nothing makes the object of a subresource.
                if present.is_none() && (subresource || !asked.is_apply) {
                    return absent(path);
                }
                let mut object = present.unwrap_or_default();
                let (version, metadata) =
                    (&body["metadata"]["resourceVersion"], &object["metadata"]);
                if !version.is_null() && *version != metadata["resourceVersion"] {
                    return Answer::refusal(409, "Conflict", "the object has been modified");
                }
                merge(&mut object, body);
                Answer::Json(200, self.put(path.to_owned(), object))
            }
            "DELETE" => match self.objects.remove(path) {
                Some(_) => Answer::Json(200, json!({ "kind": "Status", "status": "Success" })),
                None => absent(path),
            },
            method => Answer::refusal(405, "MethodNotAllowed", method),
        }
    }

    fn list(&self, path: &str) -> Value {
        let of = |(key, object): (&String, &Value)| {
            let name = key.strip_prefix(path)?.strip_prefix('/')?;
            (!name.contains('/')).then(|| object.clone())
        };
        let items: Vec<Value> = self.objects.iter().filter_map(of).collect();
        json!({ "metadata": { "resourceVersion": self.version.to_string() }, "items": items })
    }

    /// Keeps an object, with what only a server gives; unchanged, it keeps its version.
    fn put(&mut self, path: String, mut object: Value) -> Value {
        if self.objects.get(&path) == Some(&object) {
            return object;
        }
        self.version += 1;
        let metadata = &mut object["metadata"];
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(format!("uid-of-{}", path.rsplit('/').next().unwrap()));
        }
        metadata["namespace"] = json!("shops");
        metadata["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
        metadata["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path, object.clone());
        object
    }
}

fn absent(path: &str) -> Answer {
    Answer::refusal(404, "NotFound", &format!("{path} not found"))
}

/// Whether a path names all objects of a kind.
fn is_collection(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let skipped = if segments.next() == Some("api") { 1 } else { 2 };
    let segments: Vec<&str> = segments.skip(skipped).collect();
    match segments[..] {
        ["namespaces", _, ..] => segments.len() == 3,
        _ => segments.len() == 1,
    }
}

/// RFC 7386.
fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut object[key], value);
        }
    }
}

/// As the server's OpenAPI document says it: this build's own.
fn definition() -> Value {
    let crd = serde_json::to_value(EcommerceStack::crd()).unwrap();
    let mut schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    schema["x-kubernetes-group-version-kind"] =
        json!([{ "group": GROUP, "version": "v1alpha1", "kind": "EcommerceStack" }]);
    json!({ "components": { "schemas": { "stack": schema } } })
}
