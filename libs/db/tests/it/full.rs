//! A database that is full: of connections, of temporary files, of data. All of them pass, so they are "unavailable".

use std::str::FromStr;

use db::{Database, Failure, Pool, testing::small_disk::SmallDisk};
use sqlx::{Connection, PgConnection, PgPool, postgres::PgConnectOptions};

fn role_of(pool: &PgPool, role: &str) -> Database {
    let options = pool.connect_options();
    let (host, port) = (options.get_host(), options.get_port());
    let database = options.get_database().unwrap();
    Database {
        url: Some(format!(
            "postgres://{role}@{host}:{port}/{database}?sslmode=disable"
        )),
        url_file: None,
        max_connections: 2,
    }
}

async fn run(pool: &PgPool, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(pool)
        .await
        .unwrap();
}

fn unavailable(error: &sqlx::Error) {
    assert_eq!(Failure::of(error), Failure::Retryable, "{error}");
}

#[sqlx::test]
async fn too_many_connections_are_unavailable(pool: PgPool) {
    let database: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&pool)
        .await
        .unwrap();
    let role = format!("one_{}", &database[database.len() - 20..])
        .replace('-', "_")
        .to_lowercase();
    run(
        &pool,
        format!("CREATE ROLE \"{role}\" LOGIN CONNECTION LIMIT 1"),
    )
    .await;
    let settings = role_of(&pool, &role);
    let options = PgConnectOptions::from_str(settings.url.as_deref().unwrap()).unwrap();
    let only = PgConnection::connect_with(&options).await.unwrap();
    let error = PgConnection::connect_with(&options).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "53300");
    unavailable(&error);
    let refused = settings.pool("test").unwrap().begin().await.unwrap_err();
    unavailable(&refused);
    only.close().await.unwrap();
    run(&pool, format!("DROP ROLE \"{role}\"")).await;
}

#[sqlx::test]
async fn more_temporary_files_than_allowed_are_unavailable(pool: PgPool) {
    let pool = Pool::from(&pool);
    let mut transaction = pool.begin().await.unwrap();
    for setting in [
        "SET LOCAL work_mem = '64kB'",
        "SET LOCAL temp_file_limit = '64kB'",
    ] {
        sqlx::query(setting)
            .execute(&mut *transaction)
            .await
            .unwrap();
    }
    let error = sqlx::query("SELECT * FROM generate_series(1, 200000) AS n ORDER BY md5(n::text)")
        .execute(&mut *transaction)
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "53400");
    unavailable(&error);
}

#[sqlx::test]
async fn a_full_disk_is_unavailable_until_there_is_room(pool: PgPool) {
    run(&pool, "CREATE TABLE notes (text text)".to_owned()).await;
    let disk = SmallDisk::mount(&pool, &["notes"]).await.unwrap();
    let (pool, note) = (Pool::from(&pool), "n".repeat(1_000));
    let write = || {
        sqlx::query("INSERT INTO notes VALUES ($1)")
            .bind(&note)
            .execute(&pool)
    };
    write().await.unwrap();
    disk.fill().unwrap();
    let mut written = 1;
    // The page that is begun still takes some.
    let error = loop {
        match write().await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100);
    };
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "53100");
    unavailable(&error);
    disk.free().unwrap();
    write().await.unwrap();
    let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM notes")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(notes, written + 1);
    disk.remove().await.unwrap();
}
