//! `If-Match` in the words of the models.

use web::conditional::IfMatch;

use crate::values::Precondition;

pub fn precondition(if_match: IfMatch) -> Precondition {
    match if_match {
        IfMatch::Any => Precondition::Any,
        IfMatch::Versions(versions) => Precondition::OneOf(versions),
    }
}
