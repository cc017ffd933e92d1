//! Every migration while the previous release continues to log users in: nothing that it committed is lost.

use auth::MIGRATOR;
use db::testing::migrations::{Written, under_writers};
use sqlx::PgPool;

/// The statements with which releases register a user and, from the second on, log the user in and out.
const SHAPES: [Written; 2] = [
    Written {
        since: 1,
        statements: &[USER, PROMOTE],
    },
    Written {
        since: 2,
        statements: &[USER, SESSION, TOKEN, LOG_OUT, PROMOTE],
    },
];

macro_rules! id {
    () => {
        "('00000000-0000-7000-8000-' || lpad($1::bigint::text, 12, '0'))::uuid"
    };
}
const USER: &str = concat!(
    "INSERT INTO users (id, email, full_name, roles, password_hash)
     VALUES (",
    id!(),
    ", 'user-' || $1::bigint || '@example.com', 'Ann', '{customer}', 'a hash')"
);
const SESSION: &str = concat!(
    "INSERT INTO sessions (id, user_id, expires_at) VALUES (",
    id!(),
    ", ",
    id!(),
    ", now() + interval '1 hour')"
);
const TOKEN: &str = concat!(
    "INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
     VALUES (sha256(($1::bigint::text)::bytea), ",
    id!(),
    ", now() + interval '1 hour')"
);
const LOG_OUT: &str = concat!(
    "UPDATE sessions SET ended_at = now(), end_reason = 'logout' WHERE id = ",
    id!()
);
const PROMOTE: &str = concat!(
    "UPDATE users SET roles = '{customer,vendor}', version = 2 WHERE id = ",
    id!()
);

async fn count(pool: &PgPool, what: &'static str) -> usize {
    let statement = format!("SELECT count(*) FROM {what}");
    let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .fetch_one(pool)
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

async fn nothing_is_lost(pool: PgPool, before: i64) {
    let committed = under_writers(&pool, &MIGRATOR, before, &SHAPES)
        .await
        .unwrap()
        .len();
    assert!(committed >= 6, "the writers wrote: {committed}");
    assert_eq!(
        count(&pool, "users WHERE version = 2 AND 'vendor' = ANY (roles)").await,
        committed
    );
    if before >= 2 {
        assert_eq!(
            count(&pool, "sessions WHERE end_reason = 'logout'").await,
            committed
        );
        assert_eq!(count(&pool, "refresh_tokens").await, committed);
    }
    // Who holds which role is known, whether written before the migration of roles or after it.
    let unlike =
        "users WHERE (SELECT array_agg(role ORDER BY role) FROM user_roles WHERE user_id = id)
        IS DISTINCT FROM (SELECT array_agg(role ORDER BY role) FROM unnest(roles) role)";
    assert_eq!(count(&pool, unlike).await, 0);
    assert_eq!(
        count(
            &pool,
            "users JOIN user_terms ON user_id = id AND term = email"
        )
        .await,
        committed
    );
    // A user that changed after the feed of revocations existed is in the feed and has a new token epoch.
    let told = count(&pool, "revocations WHERE user_id IS NOT NULL").await;
    assert_eq!(count(&pool, "users WHERE token_epoch = 1").await, told);
    assert_eq!(
        count(&pool, "users WHERE token_epoch = 0").await,
        committed - told
    );
    assert!(told > 0, "the writers went on after the migrations");
}

db::each_migration! {
    MIGRATOR,
    nothing_is_lost,
    the_second_migration_loses_nothing: 1,
    the_third_migration_loses_nothing: 2,
    the_fourth_migration_loses_nothing: 3,
    the_fifth_migration_loses_nothing: 4,
    the_sixth_migration_loses_nothing: 5,
    the_seventh_migration_loses_nothing: 6,
    the_eighth_migration_loses_nothing: 7,
    the_ninth_migration_loses_nothing: 8,
    the_tenth_migration_loses_nothing: 9,
    the_eleventh_migration_loses_nothing: 10,
    the_twelfth_migration_loses_nothing: 11,
    the_thirteenth_migration_loses_nothing: 12,
    the_fourteenth_migration_loses_nothing: 13,
    the_fifteenth_migration_loses_nothing: 14,
}
