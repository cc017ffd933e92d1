use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, request};

const PATH: &str = "/api/v1/users";

/// So many more customers, `c1@shop.example` and so on, with this name. The ids are older than those of the tests, and the
/// higher number is newer.
pub async fn customers(auth: &Auth, count: u32, name: &str) {
    auth.run(&format!(
        "INSERT INTO users (id, email, full_name, roles, password_hash, created_at)
         SELECT ('01980000-' || lpad(to_hex(number / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
             'c' || number || '@shop.example', '{name}', '{{customer}}', 'a hash', '2025-07-12T18:57:36Z'
         FROM generate_series(1, {count}) AS number"
    ))
    .await;
}

async fn list(auth: &Auth, admin: &Answer, query: &str) -> Answer {
    let answer = auth.get(&format!("{PATH}?{query}"), admin.access()).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer
}

fn names(answer: &Answer) -> Vec<&str> {
    let users = answer.body["data"].as_array().unwrap().iter();
    users
        .map(|user| {
            user["username"]
                .as_str()
                .or(user["email"].as_str())
                .unwrap()
        })
        .collect()
}

/// An admin whom no search of these tests finds.
async fn admin(auth: &Auth) -> Answer {
    let admin = auth.admin("boss").await;
    auth.run(
        "UPDATE users SET full_name = 'Root', email = 'boss@root.test' WHERE username = 'boss'",
    )
    .await;
    admin
}

async fn named(auth: &Auth, username: &str, full_name: &str) -> Answer {
    let body = json!({
        "email": format!("{username}@{username}.example"), "password": PASSWORD,
        "full_name": full_name, "username": username,
    });
    let answer = auth.post("/api/v1/auth/register", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn users_are_listed_newest_first_as_they_are_read(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    auth.customer("ben").await;
    let answer = list(&auth, &root, "").await;
    assert_eq!(names(&answer), ["ben", "boss", "ann"]);
    assert_eq!(answer.body["data"][2], ann.body["user"]);
    assert_eq!(
        answer.body["page"],
        json!({ "limit": 20, "has_more": false })
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_search_finds_the_beginnings_of_addresses_usernames_and_words_of_names(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = admin(&auth).await;
    named(&auth, "annika", "Maria von Öberg").await;
    named(&auth, "ben-k", "Ben  Ann  Example").await;
    for (query, expected) in [
        ("annika@annika", &["annika"][..]),
        ("ANNIKA.EX", &["annika"]),
        ("ben-k", &["ben-k"]),
        // In the order of terms: `ann example`, `annika`.
        ("ann", &["ben-k", "annika"]),
        ("maria%20von", &["annika"]),
        ("%20Von%20%20%C3%B6b", &["annika"]),
        // The same letter as one character, as two, in the other case, and in wide letters.
        ("%C3%96berg", &["annika"]),
        ("o%CC%88berg", &["annika"]),
        ("%EF%BC%A2en%20ann", &["ben-k"]),
        ("example", &["ben-k"]),
        // Not within a word, and not as a pattern.
        ("berg", &[]),
        ("%25", &[]),
        ("_nn", &[]),
        ("annika%5C", &[]),
        ("xample", &[]),
    ] {
        let answer = list(&auth, &root, &format!("q={query}")).await;
        assert_eq!(names(&answer), expected, "{query}");
    }
    for blank in ["q=", "q=%20%20"] {
        assert_eq!(names(&list(&auth, &root, blank).await).len(), 3);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn terms_follow_the_user(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, admin(&auth).await);
    let body = json!({ "full_name": "Zoe Other", "username": null });
    let patch = request("PATCH", "/api/v1/users/me", Some(ann.access()), Some(&body));
    assert_eq!(auth.send(patch).await.status, 200);
    for (query, found) in [("zoe", 1), ("other", 1), ("ann%20ex", 0), ("ann@", 1)] {
        let answer = list(&auth, &root, &format!("q={query}")).await;
        assert_eq!(names(&answer).len(), found, "{query}");
    }
    auth.run("DELETE FROM users WHERE username IS NULL").await;
    assert_eq!(names(&list(&auth, &root, "q=zoe").await).len(), 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_long_name_is_found_by_its_first_words_and_its_beginning(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let root = admin(&auth).await;
    let words: Vec<String> = (1..=30).map(|number| format!("w{number}")).collect();
    let name = words.join(" ");
    customers(&auth, 1, &name).await;
    let lengths: Vec<i32> = sqlx::query_scalar(
        "SELECT length(term) FROM user_terms JOIN users ON users.id = user_id WHERE username IS NULL",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!((lengths.len(), lengths.iter().max()), (12, Some(&100)));
    for (query, found) in [(&*name, 1), ("w10", 1), ("w11", 0)] {
        let answer = list(&auth, &root, &format!("q={}", query.replace(' ', "%20"))).await;
        assert_eq!(names(&answer).len(), found, "{query}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_user_is_on_one_page_of_a_search(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    // Each has several terms that begin with c: the address, and three words of the name.
    customers(&auth, 45, "Carl Cox Crane").await;
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = list(&auth, &root, &format!("q=c&limit=10{cursor}")).await;
        found.extend(names(&answer).iter().map(ToString::to_string));
        if answer.body["page"]["has_more"] == json!(false) {
            break;
        }
        cursor = format!("&cursor={}", answer.text("/page/next_cursor"));
    }
    let mut expected: Vec<String> = (1..=45).map(|n| format!("c{n}@shop.example")).collect();
    expected.sort();
    assert_eq!(found, expected);
    // By page number as well.
    let third = list(&auth, &root, "q=c&limit=10&page=3").await;
    assert_eq!(names(&third), &expected[20..30]);
    let last = list(&auth, &root, "q=c&limit=10&page=5").await;
    assert_eq!(names(&last), &expected[40..]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn filters_select_with_and_without_a_search(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    for name in ["ann", "ben", "cleo", "dora"] {
        auth.customer(name).await;
    }
    for change in [
        "roles = '{customer,vendor}' WHERE username IN ('ann', 'cleo')",
        "status = 'suspended' WHERE username IN ('ben', 'cleo')",
        "status = 'deleted' WHERE username = 'dora'",
    ] {
        auth.run(&format!("UPDATE users SET {change}")).await;
    }
    // The name of all of them.
    for q in ["", "&q=ann%20example"] {
        for (query, expected) in [
            ("role=vendor", &["cleo", "ann"][..]),
            ("role=vendor&status=suspended", &["cleo"]),
            ("role=vendor&status=active", &["ann"]),
            ("role=customer", &["cleo", "ben", "ann"]),
            ("status=suspended", &["cleo", "ben"]),
            ("status=suspended&role=admin", &[]),
            ("status=deleted", &["dora"]),
            ("status=pending", &[]),
            ("role=support", &[]),
        ] {
            let answer = list(&auth, &root, &format!("{query}{q}")).await;
            let mut found = names(&answer);
            if !q.is_empty() {
                found.sort_unstable_by(|one, other| other.cmp(one));
            }
            assert_eq!(found, expected, "{query}{q}");
        }
    }
    assert_eq!(
        names(&list(&auth, &root, "").await),
        ["cleo", "ben", "ann", "boss"]
    );
    assert_eq!(
        names(&list(&auth, &root, "role=admin&q=boss").await),
        ["boss"]
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_period_of_creation_begins_with_its_first_time_and_ends_before_its_last(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    for name in ["ann", "ben", "cleo"] {
        auth.customer(name).await;
    }
    let all = list(&auth, &root, "").await;
    let at = |number: usize| all.body["data"][number]["created_at"].as_str().unwrap();
    for (query, expected) in [
        (format!("created_from={}", at(1)), &["cleo", "ben"][..]),
        (format!("created_to={}", at(1)), &["ann", "boss"]),
        (
            format!("created_from={}&created_to={}", at(2), at(0)),
            &["ben", "ann"],
        ),
        (format!("created_from={}&q=ben", at(2)), &["ben"]),
        (format!("created_from={}&q=ben", at(0)), &[]),
        ("created_to=2020-01-01T00:00:00Z".to_owned(), &[]),
        ("created_from=%2B262000-01-01T00:00:00Z".to_owned(), &[]),
        (
            "created_from=-262000-01-01T00:00:00Z&role=admin".to_owned(),
            &["boss"],
        ),
    ] {
        assert_eq!(
            names(&list(&auth, &root, &query).await),
            expected,
            "{query}"
        );
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_filter_that_rejects_nearly_all_ends_a_page_early_and_the_list_goes_on(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    customers(&auth, 10_500, "Carl").await;
    // The last of each order: of the terms `carl`, and of the ages.
    auth.run(
        "UPDATE users SET status = 'suspended', roles = '{customer,vendor}'
         WHERE email IN ('c1@shop.example', 'c10500@shop.example')",
    )
    .await;
    for (query, first_page, second_page) in [
        (
            "q=carl&status=suspended",
            &["c1@shop.example"][..],
            &["c10500@shop.example"][..],
        ),
        ("role=customer&created_to=2025-07-12T18:57:36Z", &[], &[]),
    ] {
        let first = list(&auth, &root, query).await;
        assert_eq!(names(&first), first_page, "{query}");
        let cursor = first.text("/page/next_cursor");
        let second = list(&auth, &root, &format!("{query}&cursor={cursor}")).await;
        assert_eq!(names(&second), second_page, "{query}");
        assert_eq!(second.body["page"]["has_more"], json!(false), "{query}");
    }
    // Along the index of the rare status nothing is rejected.
    let answer = list(&auth, &root, "status=suspended&role=customer").await;
    assert_eq!(names(&answer), ["c10500@shop.example", "c1@shop.example"]);
    assert_eq!(answer.body["page"]["has_more"], json!(false));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_unreadable_account_is_left_out(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    auth.customer("ann").await;
    auth.run("UPDATE users SET email = 'ann' WHERE username = 'ann'")
        .await;
    assert_eq!(names(&list(&auth, &root, "").await), ["boss"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_parameters_and_cursors_of_other_lists_are_422(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    auth.customer("ann").await;
    let long = format!("q={}", "a".repeat(201));
    let cursor = list(&auth, &root, "limit=1").await;
    let of_all = format!("q=ann&cursor={}", cursor.text("/page/next_cursor"));
    for query in [
        &long,
        &of_all,
        "q=a%00",
        "q=a%E2%80%8Bb",
        "q=a%0Ab",
        "role=Admin",
        "role=",
        "status=gone",
        "status=",
        "created_from=2026",
        "sort=email",
        "email=ann",
        "include_total=true",
        "limit=0",
        "limit=101",
        "cursor=x",
        "page=1&cursor=x",
    ] {
        let answer = auth.get(&format!("{PATH}?{query}"), root.access()).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.body);
    }
    let longest = format!("q={}", "%C3%B6".repeat(200));
    assert_eq!(names(&list(&auth, &root, &longest).await).len(), 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_list_users(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for query in ["", "?q=ann", "?role=x y"] {
        let path = format!("{PATH}{}", query.replace(' ', "%20"));
        auth.get(&path, ann.access()).await.is(403, "forbidden");
        auth.send(request("GET", &path, None, None))
            .await
            .is(401, "token_missing");
    }
}
