//! Every CEL rule of the resource, once accepting and once rejecting.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use ecommercestack_crds::EcommerceStack;
use serde_json::{Value, json};

fn stack(name: &str, change: impl FnOnce(&mut Value)) -> EcommerceStack {
    let mut stack = json!({
        "apiVersion": "ecommercestack.dev/v1alpha1",
        "kind": "EcommerceStack",
        "metadata": { "name": name },
        "spec": { "version": "0.1.0", "database": { "managed": { "storage": { "size": "1Gi" } } } },
    });
    change(&mut stack["spec"]);
    serde_json::from_value(stack).unwrap()
}

fn shop() -> EcommerceStack {
    stack("shop", |_| ())
}

#[track_caller]
fn assert_accepted(stack: &EcommerceStack) {
    if let Err(errors) = stack.validate_cel() {
        panic!("refused: {errors}");
    }
}

#[track_caller]
fn assert_refused(stack: &EcommerceStack, message: &str) {
    let errors = stack.validate_cel().unwrap_err().to_string();
    assert!(
        errors.contains(message),
        "refused, but for another reason: {errors}"
    );
}

#[track_caller]
fn assert_change_accepted(old: &EcommerceStack, new: &EcommerceStack) {
    if let Err(errors) = new.validate_cel_update(old) {
        panic!("refused: {errors}");
    }
}

#[track_caller]
fn assert_change_refused(old: &EcommerceStack, new: &EcommerceStack, message: &str) {
    let errors = new.validate_cel_update(old).unwrap_err().to_string();
    assert!(
        errors.contains(message),
        "refused, but for another reason: {errors}"
    );
}

#[test]
fn names_that_make_names_of_services_are_accepted() {
    for name in ["s", "shop", "shop-2", &"a".repeat(32)] {
        assert_accepted(&stack(name, |_| ()));
    }
}

#[test]
fn names_that_do_not_are_refused() {
    for name in ["2shop", "shop-", "shop.eu", "-shop", &"a".repeat(33)] {
        assert_refused(
            &stack(name, |_| ()),
            "metadata.name must begin with a letter",
        );
    }
}

#[test]
fn the_default_currency_may_be_spelled_out() {
    let explicit = stack("shop", |spec| spec["currency"] = json!("USD"));
    assert_change_accepted(&shop(), &explicit);
    assert_change_accepted(&explicit, &shop());
}

#[test]
fn currency_cannot_change_nor_be_removed() {
    let euro = stack("shop", |spec| spec["currency"] = json!("EUR"));
    assert_change_refused(&shop(), &euro, "currency cannot change");
    assert_change_refused(&euro, &shop(), "currency cannot change");
}

#[test]
fn a_database_of_one_kind_is_accepted() {
    assert_accepted(&shop());
}

#[test]
fn a_database_of_no_kind_is_refused() {
    assert_refused(
        &stack("shop", |spec| spec["database"] = json!({})),
        "name a kind of database",
    );
}

#[test]
fn a_database_may_keep_its_kind() {
    assert_change_accepted(&shop(), &shop());
}

#[test]
fn the_kind_of_database_cannot_change() {
    let none = stack("shop", |spec| spec["database"] = json!({}));
    assert_change_refused(&shop(), &none, "the kind of database cannot change");
}

#[test]
fn a_storage_class_may_stay() {
    let fast = stack("shop", |spec| {
        spec["database"]["managed"]["storage"]["className"] = json!("fast");
    });
    assert_change_accepted(&fast, &fast);
}

#[test]
fn the_storage_class_cannot_change_nor_be_removed() {
    let fast = stack("shop", |spec| {
        spec["database"]["managed"]["storage"]["className"] = json!("fast");
    });
    assert_change_refused(&shop(), &fast, "the storage class cannot change");
    assert_change_refused(&fast, &shop(), "the storage class cannot change");
}

#[test]
fn the_size_of_the_volume_cannot_change_yet() {
    let large = stack("shop", |spec| {
        spec["database"]["managed"]["storage"]["size"] = json!("2Gi");
    });
    assert_change_accepted(&large, &large);
    assert_change_refused(&shop(), &large, "size cannot change yet");
}

#[test]
fn requests_up_to_the_limits_are_accepted() {
    assert_accepted(&stack("shop", |spec| {
        spec["components"] = json!({
            "auth": { "resources": { "requests": { "cpu": "500m", "memory": "1Gi" }, "limits": { "cpu": "0.5", "memory": "1024Mi" } } },
            "worker": { "resources": { "requests": { "cpu": "1" } } },
        });
    }));
}

#[test]
fn requests_above_the_limits_are_refused() {
    let cpu = stack("shop", |spec| {
        spec["components"] = json!({ "auth": { "resources": { "requests": { "cpu": "1" }, "limits": { "cpu": "999m" } } } });
    });
    assert_refused(&cpu, "requests.cpu is more than limits.cpu");
    let memory = stack("shop", |spec| {
        spec["database"]["managed"]["resources"] =
            json!({ "requests": { "memory": "1Gi" }, "limits": { "memory": "1000M" } });
    });
    assert_refused(&memory, "requests.memory is more than limits.memory");
}
