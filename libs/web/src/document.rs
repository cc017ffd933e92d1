//! The OpenAPI document of a service: what all operations have alike is said here once, from what each takes. An operation
//! names only its own answers, and what it says of one wins over what stands here (ADR 12).

mod idempotency;

use std::collections::{BTreeMap, btree_map::Entry};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, Deprecated, HeaderBuilder, HttpMethod, OpenApi, PathItem, Ref, RefOr, Required,
        Response, Server,
        info::LicenseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, SchemaType, Type},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

pub use self::idempotency::KeyParameter;
use crate::problem::{FieldError, MEDIA_TYPE, ProblemDocument};

const BEARER: &str = "bearer";
const AUTHORIZATION: &str = "Authorization";

/// Fills in what every service says alike.
pub(crate) fn complete(document: &mut OpenApi) {
    document.info.license = Some(
        LicenseBuilder::new()
            .name("Apache-2.0")
            .identifier(Some("Apache-2.0"))
            .build(),
    );
    document.servers = Some(vec![Server::new("/")]);
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        BEARER,
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    components
        .schemas
        .insert("Problem".into(), ProblemDocument::schema());
    components
        .schemas
        .insert(FieldError::name().into(), FieldError::schema());
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            complete_operation(operation);
        }
    }
}

/// Serves an operation at a second address as well, kept for compatibility: the document has it as deprecated.
pub fn alias<S: Clone + Send + Sync + 'static>(
    router: OpenApiRouter<S>,
    (method, path): (HttpMethod, &str),
    of: (HttpMethod, &str),
    route: axum::routing::MethodRouter<S>,
) -> OpenApiRouter<S> {
    let mut router = router.route(path, route);
    let paths = &mut router.get_openapi_mut().paths;
    if let Some(canonical) = paths.get_path_operation(of.1, of.0) {
        let mut operation = canonical.clone();
        operation.operation_id = operation.operation_id.map(|id| format!("{id}_alias"));
        operation.deprecated = Some(Deprecated::True);
        paths.add_path_operation(path, vec![method], operation);
    }
    router
}

/// What an operation with an access token takes: `refusal` is the 403 of a caller who lacks the permission. OpenAPI ignores
/// a parameter of this name; the document has a security requirement and a response instead.
pub fn authorization(refusal: String) -> Parameter {
    ParameterBuilder::new()
        .name(AUTHORIZATION)
        .parameter_in(ParameterIn::Header)
        .description(Some(refusal))
        .build()
}

/// The operations that write and take an [`authorization`].
pub fn authorized_writes(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    let items = document.paths.paths.values_mut();
    let writes = items.flat_map(|item| {
        [
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ]
    });
    let writes = writes.flatten();
    writes.filter(|operation| header(operation, AUTHORIZATION).is_some())
}

/// A header that an operation takes, as a string of this pattern.
pub(crate) fn header_parameter(
    name: &str,
    required: Required,
    pattern: &str,
    description: &str,
) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .pattern(Some(pattern));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ];
    operations.into_iter().flatten()
}

fn complete_operation(operation: &mut Operation) {
    say_authorization(operation);
    // Without a requirement the document would leave open whether a token is needed.
    operation.security.get_or_insert_default();
    for (status, sentences) in usual_answers(operation) {
        match operation.responses.responses.entry(status.to_owned()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Response::new(sentences.join(" ")).into());
            }
            // These have several causes, and the operation names its own; of the others it tells the only one better.
            Entry::Occupied(mut occupied) => {
                if let ("400" | "409" | "422", RefOr::T(response)) = (status, occupied.get_mut()) {
                    response.description =
                        format!("{} {}", response.description, sentences.join(" "));
                }
            }
        }
    }
    let key = header(operation, idempotency::HEADER).cloned();
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if status.starts_with('2') {
            let headers = key.iter().flat_map(idempotency::answer_headers);
            headers.for_each(|(name, description)| add_header(response, name, description));
        } else {
            say_problem(status, response);
        }
    }
}

/// Says what [`authorization`] stands for.
fn say_authorization(operation: &mut Operation) {
    let parameter = header(operation, AUTHORIZATION);
    let Some(refusal) = parameter.and_then(|parameter| parameter.description.clone()) else {
        return;
    };
    let bearer = SecurityRequirement::new(BEARER, Vec::<String>::new());
    operation.security.get_or_insert_default().push(bearer);
    let answers = &mut operation.responses.responses;
    let answer = answers.entry("403".to_owned());
    answer.or_insert_with(|| Response::new(refusal).into());
    operation.parameters.take_if(|parameters| {
        parameters.retain(|parameter| {
            !matches!(parameter, RefOr::T(parameter) if parameter.name == AUTHORIZATION)
        });
        parameters.is_empty()
    });
}

/// The problems that follow from what an operation takes, by the conventions of the API: a status, and its causes in a
/// sentence each.
fn usual_answers(operation: &Operation) -> BTreeMap<&'static str, Vec<&'static str>> {
    let takes = |place| parameters(operation).any(|parameter| parameter.parameter_in == place);
    let asks_for_token = operation
        .security
        .iter()
        .flatten()
        .any(|requirement| *requirement != SecurityRequirement::default());
    let has_key = header(operation, idempotency::HEADER).is_some();
    let mut answers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut add = |status, cause| answers.entry(status).or_default().push(cause);
    if asks_for_token {
        add("401", "The access token is missing or not valid.");
    }
    if takes(ParameterIn::Path) {
        add(
            "404",
            "No such resource, or the caller does not have access to it.",
        );
    }
    if takes(ParameterIn::Query) {
        add("422", "A parameter is unknown or invalid.");
    }
    if has_typed_body(operation) {
        add("400", "The body is not well-formed JSON.");
        add("413", "The body is too large.");
        add("415", "The Content-Type is not JSON.");
        add("422", "A field is invalid; see `errors`.");
    }
    if has_key {
        add(
            "400",
            "The Idempotency-Key is malformed, or missing where the shop requires it.",
        );
        add(
            "422",
            "`idempotency_key_reused`: the key was used for a different request.",
        );
    }
    if let Some(header) = header(operation, "If-Match") {
        add(
            "412",
            "`precondition_failed`: the resource has changed since it was read.",
        );
        if header.required == Required::True {
            add("428", "`if_match_required`: If-Match is missing.");
        }
    }
    add(
        "503",
        if has_key {
            "Temporarily unavailable; retry after the time in Retry-After, with the same Idempotency-Key."
        } else {
            "Temporarily unavailable; retry after the time in Retry-After."
        },
    );
    answers
}

/// A body without a type of its own is read as it is, and the operation says what may be wrong with it.
fn has_typed_body(operation: &Operation) -> bool {
    let Some(RefOr::T(body)) = &operation.request_body else {
        return false;
    };
    body.content.values().any(|content| match content {
        RefOr::T(content) => matches!(content.schema, Some(RefOr::Ref(_))),
        RefOr::Ref(_) => true,
    })
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    let parameters = operation.parameters.iter().flatten();
    parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

fn header<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    parameters(operation).find(|parameter| parameter.name == name)
}

/// Problem details (RFC 9457), and the headers that come with them.
fn say_problem(status: &str, response: &mut Response) {
    if response.content.is_empty() {
        let schema = Ref::from_schema_name("Problem");
        response
            .content
            .insert(MEDIA_TYPE.into(), Content::new(Some(schema)).into());
    }
    match status {
        "401" => add_header(response, "WWW-Authenticate", "The challenge of RFC 6750."),
        "429" | "503" => add_header(
            response,
            "Retry-After",
            "Seconds to wait before the next attempt.",
        ),
        _ => {}
    }
}

pub(crate) fn add_header(response: &mut Response, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let header = HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(description));
    response
        .headers
        .entry(name.to_owned())
        .or_insert_with(|| header.build().into());
}
