//! A shop as its customers reach it: only by HTTP through the ingress.

mod answer;
mod person;

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, Result};
use reqwest::{
    Certificate, Client, ClientBuilder, Method, RequestBuilder, header, redirect::Policy,
};
use serde_json::{Value, json};

pub use answer::Answer;
pub use person::{Person, Product, order_of};

use crate::{cluster::unique, environment, wait::seconds};

/// A password that the API accepts.
const PASSWORD: &str = "correct horse battery staple 7";

/// The shop of one host name.
#[derive(Clone)]
pub struct Shop {
    client: Client,
    host: String,
    /// Scheme, host and port of its URLs.
    root: String,
}

fn client() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(seconds(20))
}

impl Shop {
    pub fn at(host: &str) -> Result<Self> {
        Self::seen_from(host, None)
    }

    /// The shop as a client with this address sees it.
    pub fn seen_from(host: &str, address: Option<IpAddr>) -> Result<Self> {
        Ok(Self {
            client: client().local_address(address).build()?,
            host: host.to_owned(),
            root: format!("http://{}", environment::ingress_address()),
        })
    }

    /// The shop of a host name by TLS, with this certificate (PEM) and no other.
    pub fn by_tls(host: &str, certificate: &str) -> Result<Self> {
        let address: SocketAddr = environment::ingress_tls_address().parse()?;
        let certificate = Certificate::from_pem(certificate.as_bytes())?;
        Ok(Self {
            client: client()
                .resolve(host, address)
                .tls_certs_only([certificate])
                .build()?,
            host: host.to_owned(),
            root: format!("https://{host}:{}", address.port()),
        })
    }

    /// A request to a path such as `/api/v1/products`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.root))
            .header(header::HOST, &self.host)
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    /// Registers a new account with a role that is open to all.
    pub async fn register(&self, role: &str) -> Result<Person> {
        let email = format!("{}@example.com", unique(role));
        let body = json!({ "email": email, "password": PASSWORD, "full_name": format!("Some {role}"), "role": role });
        let answer = self
            .post("/api/v1/auth/register", &body)
            .await?
            .expect(201)?;
        self.person(&answer, email)
    }

    /// Logs in with a password; [`Self::login_again`] does so for registered accounts.
    pub async fn login(&self, email: &str, password: &str) -> Result<Person> {
        let body = json!({ "email": email, "password": password });
        let answer = self.post("/api/v1/auth/login", &body).await?.expect(200)?;
        self.person(&answer, email.to_owned())
    }

    pub async fn login_again(&self, person: &Person) -> Result<Person> {
        self.login(&person.email, PASSWORD).await
    }

    fn person(&self, answer: &Answer, email: String) -> Result<Person> {
        let body = answer.json()?;
        let text = |pointer: &str| {
            let found = body
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(ToOwned::to_owned);
            found.with_context(|| format!("no {pointer} in {body}"))
        };
        Ok(Person {
            shop: self.clone(),
            email,
            id: text("/user/id")?,
            token: text("/access_token")?,
        })
    }
}
