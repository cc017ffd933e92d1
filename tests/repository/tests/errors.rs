//! The list of codes is current, and each code has one status.

use repository::errors::Codes;

#[test]
fn the_list_of_codes_is_current() {
    let files = repository::files().unwrap();
    let made = Codes::read(&files).unwrap().document();
    let kept = std::fs::read_to_string(repository::root().join("docs/errors.md")).unwrap();
    assert!(made == kept, "docs/errors.md is out of date: run make gen");
}

#[test]
fn a_code_has_one_status() {
    let codes = Codes::read(&repository::files().unwrap()).unwrap();
    for (name, code) in &codes.problems {
        assert_eq!(code.statuses.len(), 1, "{name}: {:?}", code.statuses);
    }
    assert!(codes.problems.len() > 50, "{}", codes.problems.len());
    assert!(codes.fields.len() > 10, "{}", codes.fields.len());
}
