//! Statements and partial indexes spell lists of states out: a plan uses a partial index only where the statement shows
//! that it fits, which a bound list does not. Here each list is compared with the model, which owns the rule. The audit has
//! statements of its own on purpose: it is to find where the model is wrong.

use std::{collections::BTreeSet, fs};

use order::{
    orders::model::{FulfillmentStatus, PaymentStatus, Status},
    payments::model::PaymentState,
};
use sqlx::PgPool;

type List = (String, BTreeSet<String>);

/// The lists that the model knows, each with the column that it is about.
fn known() -> Vec<List> {
    fn names<T: Copy>(
        all: &[T],
        is: fn(T) -> bool,
        name: fn(T) -> &'static str,
    ) -> BTreeSet<String> {
        let named = all.iter().filter(|one| is(**one));
        named.map(|one| name(*one).to_owned()).collect()
    }
    // The money is set aside, or some of it can still go back.
    let of_money = |state: PaymentState| match state {
        PaymentState::Authorized | PaymentState::Captured | PaymentState::PartiallyRefunded => true,
        PaymentState::Pending
        | PaymentState::Refunded
        | PaymentState::Failed
        | PaymentState::Voided => false,
    };
    let lists = [
        (
            "status",
            names(Status::ALL, Status::is_open, Status::as_str),
        ),
        (
            "status",
            names(Status::ALL, |one| one != Status::Cancelled, Status::as_str),
        ),
        (
            "payment_status",
            names(
                PaymentStatus::ALL,
                PaymentStatus::is_owing,
                PaymentStatus::as_str,
            ),
        ),
        (
            "payment_status",
            names(PaymentState::ALL, of_money, |one| one.of_order().as_str()),
        ),
        (
            "fulfillment_status",
            names(
                FulfillmentStatus::ALL,
                |one| !one.is_whole(),
                FulfillmentStatus::as_str,
            ),
        ),
        (
            "status",
            names(
                PaymentState::ALL,
                |one| !one.is_live(),
                PaymentState::as_str,
            ),
        ),
    ];
    lists.map(|(column, list)| (column.to_owned(), list)).into()
}

/// The lists of quoted names in an expression, each with the column before it.
fn listed(expression: &str, opening: &str, closing: char) -> Vec<List> {
    let lists = expression.match_indices(opening).filter_map(|(at, _)| {
        let list = expression[at + opening.len()..].split(closing).next()?;
        let names = list.split('\'').skip(1).step_by(2).map(str::to_owned);
        let mut words = expression[..at].split(|one: char| !one.is_alphanumeric() && one != '_');
        let column = words.rfind(|word| !["", "NOT", "ANY", "ALL"].contains(word))?;
        list.starts_with('\'')
            .then(|| (column.to_owned(), names.collect()))
    });
    lists.collect()
}

#[test]
fn every_list_of_states_in_a_statement_is_the_models() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let (known, mut met) = (known(), BTreeSet::new());
    for entry in fs::read_dir(folder).unwrap() {
        let kept = fs::read_to_string(entry.unwrap().path()).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        let statement = kept["query"].as_str().unwrap();
        let of_the_audit = statement.starts_with("--");
        for list in listed(statement, " IN (", ')') {
            if !of_the_audit {
                assert!(known.contains(&list), "{list:?} in {statement}");
                met.insert(list);
            }
        }
    }
    assert_eq!(
        met.len(),
        known.len(),
        "a list of the model is nowhere used"
    );
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn every_list_of_states_in_a_partial_index_is_the_models(pool: PgPool) {
    let predicates: Vec<(String, String)> = sqlx::query_as(
        "SELECT indexrelid::regclass::text, pg_get_expr(indpred, indrelid) FROM pg_index
         WHERE indpred IS NOT NULL AND indrelid IN ('orders'::regclass, 'payments'::regclass)",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let (known, mut met) = (known(), 0);
    for (index, predicate) in predicates {
        for list in listed(&predicate, " (ARRAY[", ']') {
            assert!(known.contains(&list), "{list:?} in {index}");
            met += 1;
        }
    }
    assert!(met >= 5, "this test looks in the wrong place");
}
