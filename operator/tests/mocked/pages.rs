//! Lists that come in pages, of which one is refused.

use crate::{Answer, Asked, Server, stack};
use ecommercestack_operator::{
    database::deleted_stacks::DeletedStacks,
    kube::{installation::Installation, readiness::Readiness, stacks::Stacks},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::timeout};

const STACKS: &str = "GET ecommercestacks";

/// The watch of stacks lists them again after it fell behind, and the second page of that list has expired. What that page
/// holds is not gone: the data of a stack that is gone would go with it.
#[tokio::test(start_paused = true)]
async fn an_expired_page_begins_the_list_again_and_takes_no_stack_for_gone() {
    let (server, client) = Server::start(&[]);
    let stacks: Arc<Stacks> = Arc::default();
    let (mut watches, mut second_pages) = (0, 0);
    server.rule(move |asked| {
        if asked.line() != STACKS {
            return None;
        }
        if asked.parameter("watch").is_some() {
            watches += 1;
            let behind = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#;
            return Some(if watches == 1 { Answer::Text(format!("{behind}\n")) } else { Answer::Never });
        }
        let (name, next) = match asked.parameter("continue") {
            None => ("first", "second-page"),
            Some(_) => ("second", ""),
        };
        if name == "second" {
            second_pages += 1;
            if second_pages == 2 {
                return Some(Answer::refusal(410, "Expired", "The provided continue parameter is too old"));
            }
        }
        let mut stack = stack(name);
        stack["spec"]["deletionPolicy"] = json!("Delete");
        let metadata = json!({ "resourceVersion": "7", "continue": next });
        Some(Answer::Json(200, json!({ "metadata": metadata, "items": [stack] })))
    });

    let deleted_stacks = DeletedStacks {
        installation: Installation::new(client.clone(), None),
        client,
        stacks: stacks.clone(),
        locks: Arc::default(),
    };
    let scopes = vec![Some("shops".to_owned())];
    let readiness = Readiness::new(&scopes);
    let (known, all_known) = oneshot::channel();
    let watch = deleted_stacks.watch(scopes, readiness, known);
    assert!(
        timeout(Duration::from_mins(5), watch).await.is_err(),
        "a watch has no end"
    );
    assert_eq!(all_known.await, Ok(()));

    let (asked, others): (Vec<Asked>, Vec<Asked>) = server
        .asked()
        .into_iter()
        .partition(|asked| asked.line() == STACKS);
    let asked: Vec<&str> = asked
        .iter()
        .map(
            |asked| match (asked.parameter("watch"), asked.parameter("continue")) {
                (Some(_), _) => "watch",
                (None, Some(_)) => "second page",
                (None, None) => "first page",
            },
        )
        .collect();
    assert_eq!(
        asked,
        [
            "first page",
            "second page",
            "watch", // and falls behind
            "first page",
            "second page", // which has expired
            "first page",
            "second page",
            "watch",
        ]
    );
    let mut there: Vec<String> = stacks
        .existing()
        .into_iter()
        .map(|known| known.key.1)
        .collect();
    there.sort();
    assert_eq!(there, ["first", "second"]);
    for uid in ["uid-of-first", "uid-of-second"] {
        assert_eq!(stacks.policy_of_deleted(uid), None, "{uid}");
    }
    // The data of stacks that went earlier are looked for, by a list of volumes after each list of stacks.
    let others: Vec<String> = others.iter().map(Asked::line).collect();
    assert_eq!(
        others,
        ["GET persistentvolumeclaims", "GET persistentvolumeclaims"]
    );
}
