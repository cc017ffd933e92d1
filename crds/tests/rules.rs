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
        "set managed: it is the only kind of database",
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
    assert_refused(&cpu, "requests.cpu must not exceed limits.cpu");
    let memory = stack("shop", |spec| {
        spec["database"]["managed"]["resources"] =
            json!({ "requests": { "memory": "1Gi" }, "limits": { "memory": "1000M" } });
    });
    assert_refused(&memory, "requests.memory must not exceed limits.memory");
}

fn with_memory(limit: &str) -> EcommerceStack {
    stack("shop", |spec| {
        spec["components"] = json!({ "auth": { "resources": { "limits": { "memory": limit } } } });
    })
}

fn with_database_memory(resources: Value) -> EcommerceStack {
    stack("shop", |spec| {
        spec["database"]["managed"]["resources"] = resources;
    })
}

#[test]
fn volumes_that_a_database_fits_into_are_accepted() {
    for size in ["1Gi", "1024Mi", "500Gi", "64Ti"] {
        assert_accepted(&stack("shop", |spec| {
            spec["database"]["managed"]["storage"]["size"] = json!(size);
        }));
    }
}

#[test]
fn volumes_too_small_for_a_database_or_too_large_for_a_disk_are_refused() {
    for size in ["1Mi", "1023Mi", "65Ti", "999999999Ti"] {
        let stack = stack("shop", |spec| {
            spec["database"]["managed"]["storage"]["size"] = json!(size);
        });
        assert_refused(&stack, "storage.size must be from 1Gi to 64Ti");
    }
}

#[test]
fn memory_that_a_service_starts_with_is_accepted() {
    for limit in ["64Mi", "128M", "24Ti"] {
        assert_accepted(&with_memory(limit));
    }
    // A small request is no limit where a limit is given.
    assert_accepted(&stack("shop", |spec| {
        spec["components"] = json!({ "auth": { "resources": { "requests": { "memory": "8Mi" }, "limits": { "memory": "64Mi" } } } });
    }));
}

#[test]
fn memory_that_no_service_starts_with_or_no_machine_has_is_refused() {
    for limit in ["1", "63Mi", "0"] {
        assert_refused(&with_memory(limit), "at least 64Mi of memory");
    }
    let request = stack("shop", |spec| {
        spec["components"] =
            json!({ "worker": { "resources": { "requests": { "memory": "16Mi" } } } });
    });
    assert_refused(&request, "at least 64Mi of memory");
    assert_refused(&with_memory("25Ti"), "memory must be at most 24Ti");
}

#[test]
fn cpu_that_a_pod_starts_with_is_accepted_and_other_cpu_is_refused() {
    let limited = |cpu: &str| {
        stack("shop", |spec| {
            spec["components"] = json!({ "auth": { "resources": { "limits": { "cpu": cpu } } } });
        })
    };
    assert_accepted(&limited("10m"));
    assert_accepted(&limited("1024"));
    assert_refused(&limited("9m"), "at least 10m of CPU");
    assert_refused(&limited("0"), "at least 10m of CPU");
    assert_refused(&limited("1025"), "cpu must be at most 1024 cores");
}

#[test]
fn memory_that_the_database_starts_with_is_accepted() {
    assert_accepted(&with_database_memory(
        json!({ "limits": { "memory": "256Mi" } }),
    ));
    assert_accepted(&with_database_memory(
        json!({ "requests": { "memory": "1Gi" } }),
    ));
    assert_accepted(&with_database_memory(
        json!({ "requests": { "memory": "128Mi" }, "limits": { "memory": "512Mi" } }),
    ));
    assert_accepted(&with_database_memory(json!({ "requests": { "cpu": "1" } })));
}

#[test]
fn memory_that_the_database_does_not_start_with_is_refused() {
    for resources in [
        json!({ "limits": { "memory": "16Mi" } }),
        json!({ "limits": { "memory": "255Mi" } }),
        json!({ "requests": { "memory": "128Mi" } }),
    ] {
        assert_refused(
            &with_database_memory(resources),
            "PostgreSQL needs at least 256Mi",
        );
    }
}

#[test]
fn pods_that_the_database_has_connections_for_are_accepted() {
    assert_accepted(&stack("shop", |spec| {
        spec["components"] = json!({ "auth": { "replicas": 4 }, "product": { "replicas": 5 }, "order": { "replicas": 5 }, "worker": { "replicas": 5 } });
    }));
    assert_accepted(&stack("shop", |spec| {
        spec["components"] = json!({ "order": { "replicas": 50, "autoscaling": { "max": 16 } } });
    }));
    assert_accepted(&stack("shop", |spec| {
        spec["components"] = json!({ "order": { "replicas": 0 } });
    }));
}

#[test]
fn pods_that_the_database_has_no_connections_for_are_refused() {
    for components in [
        json!({ "auth": { "replicas": 50 }, "product": { "replicas": 50 }, "order": { "replicas": 50 }, "worker": { "replicas": 50 } }),
        json!({ "auth": { "replicas": 5 }, "product": { "replicas": 5 }, "order": { "replicas": 5 }, "worker": { "replicas": 5 } }),
        json!({ "order": { "replicas": 17 } }),
        json!({ "order": { "autoscaling": { "max": 17 } } }),
    ] {
        let stack = stack("shop", |spec| spec["components"] = components);
        assert_refused(&stack, "19 pods in all");
    }
}

#[test]
fn autoscaling_between_ordered_bounds_is_accepted_and_other_is_refused() {
    let scaled = |autoscaling: Value| {
        stack("shop", |spec| {
            spec["components"] = json!({ "order": { "autoscaling": autoscaling } });
        })
    };
    assert_accepted(&scaled(json!({ "min": 2, "max": 2, "targetCPU": 70 })));
    assert_accepted(&scaled(json!({ "max": 4 })));
    assert_refused(
        &scaled(json!({ "min": 3, "max": 2 })),
        "autoscaling.min must not exceed autoscaling.max",
    );
}

fn routed(ingress: Value) -> EcommerceStack {
    stack("shop", |spec| spec["ingress"] = ingress)
}

#[test]
fn tls_for_a_host_with_a_certificate_is_accepted() {
    for tls in [
        json!({ "secretName": "shop-tls" }),
        json!({ "issuer": { "name": "letsencrypt", "kind": "ClusterIssuer" } }),
        json!({ "secretName": "shop-tls", "issuer": { "name": "ours" } }),
    ] {
        assert_accepted(&routed(json!({ "host": "shop.example.com", "tls": tls })));
    }
    assert_accepted(&routed(json!({})));
}

#[test]
fn tls_without_a_host_or_a_certificate_is_refused() {
    assert_refused(
        &routed(json!({ "tls": { "secretName": "shop-tls" } })),
        "tls needs a host",
    );
    assert_refused(
        &routed(json!({ "host": "shop.example.com", "tls": {} })),
        "tls needs a certificate",
    );
}

#[test]
fn ranges_of_proxies_are_accepted_and_other_text_is_refused() {
    let trusting = |ranges: Value| {
        stack("shop", |spec| {
            spec["limits"] = json!({ "trustedProxies": ranges });
        })
    };
    assert_accepted(&trusting(json!([])));
    assert_accepted(&trusting(json!(["10.0.0.0/8", "fd00::/8"])));
    assert_accepted(&stack("shop", |spec| {
        spec["limits"] = json!({ "failedLoginsPerAccount": 5 });
    }));
    for range in ["10.0.0.0/33", "10.0.0/8", "::::/8"] {
        assert_refused(
            &trusting(json!([range])),
            "trustedProxies must be address ranges",
        );
    }
}
