use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    neighbor::{DUE, Internal, RESULTS},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn order_alone_reads_and_reports_erasures(pool: PgPool) {
    let auth = Auth::new(pool);
    let internal = Internal::of(&auth);
    assert_eq!(internal.due().await, [""; 0]);
    for (method, path) in [("GET", DUE), ("POST", RESULTS)] {
        for (token, code) in [
            (None, "token_missing"),
            (Some("token of product"), "token_invalid"),
            (Some("token of nothing"), "token_invalid"),
        ] {
            let body = serde_json::json!({ "erased": [], "postponed": [] });
            let answer = internal.send(request(method, path, token, Some(&body)));
            answer.await.is(401, code);
        }
        // The public port does not have it.
        let public = auth.send(request(method, path, Some("token of order"), None));
        public.await.is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_longest_due_come_first_and_at_most_a_hundred(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    sqlx::raw_sql(
        "INSERT INTO erasures (user_id, service, due_at, completed_at)
         SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'order', now() - n * interval '1 second',
            CASE WHEN n = 130 THEN now() END
         FROM generate_series(1, 130) n;
         INSERT INTO erasures (user_id, service, due_at) VALUES
            (gen_random_uuid(), 'order', now() + interval '1 hour'),
            (gen_random_uuid(), 'review', now() - interval '1 hour')",
    )
    .execute(&pool)
    .await
    .unwrap();
    let due = internal.due().await;
    let expected = (30..130).rev();
    let expected: Vec<_> = expected
        .map(|n| format!("00000000-0000-7000-8000-{n:012}"))
        .collect();
    assert_eq!(due, expected);
}
