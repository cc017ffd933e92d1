//! What ends a token is honored by every process of every service within two seconds (ORDERS 30), whichever process of auth
//! took the request: auth asks its database, and the others read its feed every second. Each cause is measured
//! several times, and its median is compared with the limit, so that one pause of a busy machine fails no test.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use chaos::{
    accounts::{Auth, Login, PASSWORD, text},
    arena::{self, expect},
};
use local_shop::{Member, Plan, Shop, Workload};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

const LIMIT: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
const REPLICAS: usize = 2;
/// How often the feed is read.
const POLL: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);
/// A token that is still accepted by then is never refused.
const PATIENCE: Duration = Duration::from_secs(15);

/// What ends tokens before they expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    LogOut,
    LogOutAll,
    EndSession,
    Suspend,
    RemoveRole,
    ChangeCustomRole,
    ChangePassword,
    RevokeApiKey,
    ReuseRefreshToken,
}

use Cause::{
    ChangeCustomRole, ChangePassword, EndSession, LogOut, LogOutAll, RemoveRole, ReuseRefreshToken,
    RevokeApiKey, Suspend,
};

/// The changes of a lane are measured one after the other, beside those of the other lanes.
const LANES: [[Cause; 3]; 3] = [
    [LogOut, Suspend, ChangePassword],
    [LogOutAll, RemoveRole, RevokeApiKey],
    [EndSession, ChangeCustomRole, ReuseRefreshToken],
];

/// A change that is ready to be made.
struct Prepared {
    /// The access token that it ends.
    token: String,
    request: RequestBuilder,
    status: u16,
    after: After,
}

/// What must hold once the change was made.
enum After {
    /// This request for further tokens of the same session or key is refused.
    Over(RequestBuilder),
    /// The session goes on without what the role allowed: its next token works, but not for this path of this workload.
    Without {
        refresh: String,
        workload: Workload,
        path: &'static str,
    },
    /// The response of the change has new tokens, and this request for those of another session is refused.
    Renewed(RequestBuilder),
}

struct Replicas {
    shop: Shop,
    client: Client,
    admin: Login,
}

impl Replicas {
    async fn start() -> Result<Self> {
        let unlimited = [
            "ADDRESS_LIMIT_PER_MINUTE",
            "LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE",
        ];
        let unlimited = unlimited.map(|name| (Workload::Auth, name.to_owned(), "100000".into()));
        let shop = Shop::start(Plan {
            auths: REPLICAS,
            products: REPLICAS,
            orders: REPLICAS,
            workers: 0,
            environment: unlimited.into(),
            ..Plan::new(arena::binaries("CHAOS_BINARIES")?)
        })?;
        let client = Client::builder().no_proxy().build()?;
        let admin = Auth::of(&shop, &client, 0)?.admin(&shop).await?;
        Ok(Self {
            shop,
            client,
            admin,
        })
    }

    fn auth(&self, round: usize) -> Result<Auth> {
        Auth::of(&self.shop, &self.client, round % REPLICAS)
    }

    fn get(&self, member: Member, path: &str, token: &str) -> Result<RequestBuilder> {
        let url = self.shop.url(member)?;
        let request = self.client.get(format!("{url}/api/v1/{path}"));
        Ok(request.bearer_auth(token))
    }

    /// The status of an operation that every customer may call.
    async fn status(&self, member: Member, token: &str) -> Result<u16> {
        let path = match member.0 {
            Workload::Auth => "users/me",
            Workload::Product => "products?limit=1",
            Workload::Order | Workload::Worker => "orders?limit=1",
        };
        let answer = self.get(member, path, token)?.send().await?;
        Ok(answer.status().as_u16())
    }

    async fn all_answer(&self, status: u16, token: &str) -> Result<()> {
        for member in self.shop.members() {
            let found = self.status(member, token).await?;
            ensure!(found == status, "{member}: {found} instead of {status}");
        }
        Ok(())
    }

    /// The time since `changed` until this process refuses the token.
    async fn refuses(
        self: Arc<Self>,
        member: Member,
        token: String,
        changed: Instant,
    ) -> Result<(Member, Duration)> {
        loop {
            match self.status(member, &token).await? {
                401 => return Ok((member, changed.elapsed())),
                200 => ensure!(changed.elapsed() < PATIENCE, "{member} accepts the token"),
                other => bail!("{member}: {other}"),
            }
            sleep(PAUSE).await;
        }
    }

    async fn prepare(&self, cause: Cause, round: usize) -> Result<Prepared> {
        let (auth, admin) = (self.auth(round)?, &self.admin.access);
        let name = format!("{cause:?}-{round}").to_lowercase();
        let user = auth.register(&name).await?;
        let of_user = |rest: &str| format!("users/{}{rest}", user.user);
        let over = |login: &Login| After::Over(auth.refreshing(&login.refresh));
        let prepared = |token: &Login, request, status, after| Prepared {
            token: token.access.clone(),
            request,
            status,
            after,
        };
        let post = |path: &str, by: &str| auth.call(Method::POST, path, by);
        Ok(match cause {
            LogOut => {
                let request = post("auth/logout", &user.access);
                prepared(&user, request, 204, over(&user))
            }
            LogOutAll => {
                let other = auth.log_in(&user.email).await?;
                let request = post("auth/logout-all", &other.access);
                prepared(&user, request, 204, over(&user))
            }
            EndSession => {
                let other = auth.log_in(&user.email).await?;
                let path = format!("auth/sessions/{}", auth.session(&user.access).await?);
                let request = auth.call(Method::DELETE, &path, &other.access);
                prepared(&user, request, 204, over(&user))
            }
            Suspend => {
                let request = post(&of_user("/suspend"), admin);
                prepared(&user, request, 200, over(&user))
            }
            RemoveRole => {
                auth.assign(admin, &user.user, "vendor").await?;
                let vendor = auth.log_in(&user.email).await?;
                let path = of_user("/roles/vendor");
                let request = auth.call(Method::DELETE, &path, admin);
                let after = self.without(&vendor, Workload::Product, "vendor/products");
                prepared(&vendor, request, 204, after.await?)
            }
            ChangeCustomRole => {
                auth.create_role(admin, &name, &["sagas:read"]).await?;
                auth.assign(admin, &user.user, &name).await?;
                let holder = auth.log_in(&user.email).await?;
                let request = auth.call(Method::PATCH, &format!("roles/{name}"), admin);
                let request = request.header("If-Match", "*");
                let request = request.json(&json!({ "permissions": ["roles:read"] }));
                let after = self.without(&holder, Workload::Order, "sagas");
                prepared(&holder, request, 200, after.await?)
            }
            ChangePassword => {
                let other = auth.log_in(&user.email).await?;
                let body = json!({
                    "current_password": PASSWORD, "new_password": "staple in the rain",
                });
                let request = post("auth/password/change", &other.access).json(&body);
                let renewed = After::Renewed(auth.refreshing(&user.refresh));
                prepared(&user, request, 200, renewed)
            }
            RevokeApiKey => {
                let permissions = ["users:read:own", "orders:list:own"];
                let (id, key) = auth.create_key(&user.access, &permissions).await?;
                let exchanged = expect(auth.exchanging(&key), 200).await?;
                let request = auth.call(Method::DELETE, &format!("api-keys/{id}"), &user.access);
                Prepared {
                    token: text(&exchanged, "access_token")?,
                    request,
                    status: 204,
                    after: After::Over(auth.exchanging(&key)),
                }
            }
            ReuseRefreshToken => {
                let second = auth.refresh(&user.refresh).await?;
                let third = auth.refresh(&second.refresh).await?;
                let request = auth.refreshing(&user.refresh);
                prepared(&third, request, 401, over(&third))
            }
        })
    }

    /// What the holder of a role may read now, and may no longer read without it.
    async fn without(
        &self,
        holder: &Login,
        workload: Workload,
        path: &'static str,
    ) -> Result<After> {
        for process in 0..REPLICAS {
            let request = self.get(Member(workload, process), path, &holder.access)?;
            expect(request, 200).await?;
        }
        Ok(After::Without {
            refresh: holder.refresh.clone(),
            workload,
            path,
        })
    }

    /// Makes the change once; returns how long each process of product and order took to refuse the token.
    async fn measure(
        self: &Arc<Self>,
        cause: Cause,
        round: usize,
    ) -> Result<Vec<(Member, Duration)>> {
        let prepared = self.prepare(cause, round).await?;
        let token = prepared.token;
        // Every process knows the token from now on, and has its signature in its cache.
        self.all_answer(200, &token).await.context("before")?;
        // The last measurement ended just after the feed was read, and this one must not always begin there.
        sleep(POLL.mul_f64(rand::random())).await;
        let answer = expect(prepared.request, prepared.status).await?;
        let changed = Instant::now();
        let mut refusals = JoinSet::new();
        for member in self.shop.members() {
            if member.0 == Workload::Auth {
                let first = self.status(member, &token).await?;
                ensure!(first == 401, "{member} answers {first} after the change");
            } else {
                refusals.spawn(Arc::clone(self).refuses(member, token.clone(), changed));
            }
        }
        let times = refusals
            .join_all()
            .await
            .into_iter()
            .collect::<Result<_>>()?;
        self.all_answer(401, &token).await.context("afterwards")?;
        self.after(prepared.after, &answer, round).await?;
        Ok(times)
    }

    async fn after(&self, after: After, answer: &serde_json::Value, round: usize) -> Result<()> {
        match after {
            After::Over(request) => expect(request, 401).await.map(drop),
            After::Without {
                refresh,
                workload,
                path,
            } => {
                // The other process of auth continues the session.
                let next = self.auth(round + 1)?.refresh(&refresh).await?;
                self.all_answer(200, &next.access)
                    .await
                    .context("refreshed")?;
                for process in 0..REPLICAS {
                    let request = self.get(Member(workload, process), path, &next.access)?;
                    expect(request, 403).await?;
                }
                Ok(())
            }
            After::Renewed(request) => {
                let token = text(answer, "access_token")?;
                self.all_answer(200, &token).await.context("renewed")?;
                expect(request, 401).await.map(drop)
            }
        }
    }
}

/// The times of one cause: of every process in every round, and of the slowest process of each round.
struct Times {
    cause: Cause,
    all: Vec<(Member, Duration)>,
    slowest: Vec<Duration>,
}

async fn lane(replicas: Arc<Replicas>, causes: [Cause; 3], rounds: usize) -> Vec<Times> {
    let mut lane = Vec::new();
    for cause in causes {
        let mut times = Times {
            cause,
            all: Vec::new(),
            slowest: Vec::new(),
        };
        for round in 0..rounds {
            let measured = replicas.measure(cause, round).await;
            let measured = measured.unwrap_or_else(|error| panic!("{cause:?}: {error:#}"));
            times
                .slowest
                .extend(measured.iter().map(|(_, time)| *time).max());
            times.all.extend(measured);
        }
        lane.push(times);
    }
    lane
}

/// The least, the median and the greatest.
fn spread(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    [times[0], times[times.len() / 2], times[times.len() - 1]]
}

fn milliseconds(times: [Duration; 3]) -> String {
    let [least, median, greatest] = times.map(|time| time.as_millis());
    format!("{least:>5} {median:>5} {greatest:>5}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_is_honored_by_every_replica_within_two_seconds() {
    let replicas = Arc::new(Replicas::start().await.unwrap());
    let rounds = arena::share(ROUNDS);
    let [first, second, third] = LANES.map(|lane_of| lane(Arc::clone(&replicas), lane_of, rounds));
    let (first, second, third) = tokio::join!(first, second, third);
    let measured: Vec<Times> = [first, second, third].into_iter().flatten().collect();

    let followers: Vec<Member> = replicas.shop.members().collect();
    let followers = followers.iter().filter(|member| member.0 != Workload::Auth);
    let followers: Vec<&Member> = followers.collect();
    eprintln!(
        "revocation: ms from the change's response to the refusal, min median max of {rounds} rounds; auth refuses at once"
    );
    let names = followers
        .iter()
        .map(|member| format!("{:>17}", member.to_string()));
    eprintln!(
        "{:>17} {} {:>17}",
        "",
        names.collect::<Vec<_>>().join(" "),
        "slowest"
    );
    let mut late = Vec::new();
    for Times {
        cause,
        all,
        slowest,
    } in measured
    {
        let columns = followers.iter().map(|follower| {
            let of = all.iter().filter(|(member, _)| member == *follower);
            milliseconds(spread(of.map(|(_, time)| *time).collect()))
        });
        let columns = columns.collect::<Vec<_>>().join(" ");
        let slowest = spread(slowest);
        let name = format!("{cause:?}");
        eprintln!("{name:>17} {columns} {}", milliseconds(slowest));
        if slowest[1] > LIMIT {
            late.push(name);
        }
    }
    assert!(late.is_empty(), "later than {LIMIT:?}: {late:?}");
}
