//! The committed document is the one that the code makes.

#[test]
fn the_committed_document_is_up_to_date() {
    let made = order::process::openapi().unwrap();
    let committed = include_str!("../../openapi.json");
    assert_eq!(
        made.trim_end(),
        committed.trim_end(),
        "services/order/openapi.json is old; run make gen"
    );
}
