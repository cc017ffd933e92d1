//! Random sequences of what people do with roles, beside a model in memory: no sequence gives a permission to a person unless an
//! administrator has put it into circulation, and a shop keeps an administrator. `PROPTEST_CASES` is the number of stories; a
//! story that fails is shrunk to the shortest.

mod model;
mod story;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use access::{Permissions, Role};
use auth::MIGRATOR;
use proptest::{
    prop_assert, prop_assert_eq,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use serde_json::json;
use sqlx::PgPool;

use self::{
    model::{ADMIN, Model, PEOPLE, Person},
    story::{Command, GRANTS, story},
};
use crate::support::{
    fixture::{Answer, Auth},
    staff::ROLES,
};

/// The number of stories that takes a few seconds.
const CASES: u32 = 24;

/// The service, and the last tokens of each person.
struct Shop {
    auth: Auth,
    logins: Vec<Answer>,
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_story_gives_a_permission_that_no_administrator_granted(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.role("manager", &[]).await;
    let mut logins = Vec::new();
    for Person { name, roles } in PEOPLE {
        logins.push(auth.person(name, roles).await);
    }
    let mut shop = Shop { auth, logins };

    let config = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default(),
        None => Config::with_cases(CASES),
    };
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..config
    });
    let runtime = tokio::runtime::Handle::current();
    let granted = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&granted);
    let outcome = tokio::task::spawn_blocking(move || {
        let shop = std::cell::RefCell::new(&mut shop);
        runner.run(&story(), |commands| {
            runtime.block_on(tell(&mut shop.borrow_mut(), &commands, &counter))
        })
    })
    .await
    .unwrap();
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, story)) => panic!("{reason}\nthe shortest story: {story:#?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let granted = granted.load(Ordering::Relaxed);
    assert!(granted > 10, "stories grant something to others: {granted}");
}

async fn tell(
    shop: &mut Shop,
    story: &[Command],
    granted: &AtomicU32,
) -> Result<(), TestCaseError> {
    let mut model = begin(shop).await;
    for (place, command) in story.iter().enumerate() {
        step(shop, &mut model, command, granted)
            .await
            .map_err(|error| TestCaseError::fail(format!("at {place}, {command:?}: {error}")))?;
        prop_assert!(shop.admins().await >= 1, "at {place}: no administrator");
    }
    // What everybody holds is what the model says, and nothing of it is out of thin air.
    for (who, Person { name, .. }) in PEOPLE.iter().enumerate() {
        shop.log_in(who).await;
        let held = shop.logins[who].permissions();
        prop_assert_eq!(held, model.permissions(who), "{}", name);
        if who != ADMIN {
            prop_assert_eq!(held.beyond(model.vouched), None, "{}", name);
        }
    }
    Ok(())
}

/// Everybody has the roles of the beginning, and fresh tokens.
async fn begin(shop: &mut Shop) -> Model {
    let model = Model::new();
    let grants = model.roles["manager"].grants();
    let manager: Vec<String> = grants.map(|grant| grant.to_string()).collect();
    let pool = shop.auth.app.pool.sessions();
    let restore = "INSERT INTO roles (name, description, permissions) VALUES ('manager', '', $1)
        ON CONFLICT (name) DO UPDATE SET permissions = $1";
    sqlx::query(restore)
        .bind(manager)
        .execute(pool)
        .await
        .unwrap();
    for Person { name, roles } in PEOPLE {
        shop.auth.set_roles(name, roles).await;
    }
    let unused = "DELETE FROM roles WHERE NOT built_in AND name <> 'manager'";
    sqlx::raw_sql(unused).execute(pool).await.unwrap();
    for who in 0..PEOPLE.len() {
        shop.log_in(who).await;
    }
    model
}

async fn step(
    shop: &mut Shop,
    model: &mut Model,
    command: &Command,
    granted: &AtomicU32,
) -> Result<(), TestCaseError> {
    match command {
        Command::LogIn { who } => shop.log_in(*who).await,
        Command::Create { by, role, grants } => {
            let names: Vec<&str> = grants.iter().map(|grant| GRANTS[*grant]).collect();
            let answer = shop.auth.create_role(&shop.logins[*by], role, &names).await;
            let permissions = Permissions::known(names);
            if expected(&answer, 201)? {
                may_grant(shop, model, *by, permissions)?;
                model.define(*by, role, permissions);
            }
        }
        Command::Change { by, role, grants } => {
            let names: Vec<&str> = grants.iter().map(|grant| GRANTS[*grant]).collect();
            let body = json!({ "permissions": names });
            let answer = shop.auth.patch_role(&shop.logins[*by], role, "*", &body);
            let permissions = Permissions::known(names);
            if expected(&answer.await, 200)? {
                // What was there before may stay.
                let added = without(permissions, model.roles[*role]);
                may_grant(shop, model, *by, added)?;
                model.define(*by, role, permissions);
            }
        }
        Command::Delete { by, role } => {
            let path = format!("{ROLES}/{role}");
            let answer = shop.auth.call("DELETE", &path, &shop.logins[*by], None);
            if expected(&answer.await, 204)? {
                prop_assert!(!model.is_held(role), "a role in use was deleted");
                model.roles.remove(*role);
            }
        }
        Command::Assign { by, to, role } => {
            let (by_login, to_login) = (&shop.logins[*by], &shop.logins[*to]);
            let answer = shop.auth.assign(by_login, to_login, role).await;
            if expected(&answer, 200)? {
                may_grant(shop, model, *by, model.of_role(role))?;
                model.assign(*by, *to, role);
                granted.fetch_add(u32::from(by != to), Ordering::Relaxed);
            }
        }
        Command::Remove { by, from, role } => {
            let (by_login, from_login) = (&shop.logins[*by], &shop.logins[*from]);
            let answer = shop.auth.remove(by_login, from_login, role).await;
            if expected(&answer, 204)? {
                model.remove(*from, role);
            }
        }
    }
    Ok(())
}

/// Whether the call did something; any other answer must be a refusal.
fn expected(answer: &Answer, success: u16) -> Result<bool, TestCaseError> {
    let refused = [401, 403, 404, 409, 422].contains(&answer.status);
    prop_assert!(refused || answer.status == success, "{}", answer.body);
    Ok(answer.status == success)
}

/// Who granted this holds it now, by the model and by the token that was accepted.
fn may_grant(
    shop: &Shop,
    model: &Model,
    by: usize,
    permissions: Permissions,
) -> Result<(), TestCaseError> {
    let held = model.permissions(by);
    prop_assert_eq!(
        shop.logins[by].permissions(),
        held,
        "an old token was accepted"
    );
    prop_assert_eq!(permissions.beyond(held.grantable()), None);
    Ok(())
}

/// Those permissions that are not among the others or reach further.
fn without(permissions: Permissions, others: Permissions) -> Permissions {
    let added = permissions.grants();
    added
        .filter(|grant| Permissions::from_iter([*grant]).beyond(others).is_some())
        .collect()
}

impl Shop {
    /// New tokens for this person. The limits of refreshes are tested elsewhere.
    async fn log_in(&mut self, who: usize) {
        let pool = self.auth.app.pool.sessions();
        sqlx::raw_sql("DELETE FROM attempts")
            .execute(pool)
            .await
            .unwrap();
        let next = self.auth.refresh(self.logins[who].refresh()).await;
        assert_eq!(next.status, 200, "{}", next.body);
        self.logins[who] = next;
    }

    async fn admins(&self) -> i64 {
        let admins = "SELECT count(*) FROM user_roles WHERE role = 'admin'";
        let pool = self.auth.app.pool.sessions();
        sqlx::query_scalar(admins).fetch_one(pool).await.unwrap()
    }
}

#[test]
fn the_stories_begin_with_what_people_register_as() {
    let model = Model::new();
    assert_eq!(model.permissions(0), Permissions::of_role(Role::Customer));
    assert_eq!(model.permissions(ADMIN), Permissions::of_role(Role::Admin));
    assert!(
        GRANTS
            .iter()
            .all(|name| name.parse::<access::Grant>().is_ok())
    );
}
