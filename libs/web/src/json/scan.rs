//! One walk over a text that stores nothing but its current location.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::{JsonError, push};
use crate::FieldError;

/// `serde_json` passes raw text and numbers under such a name, and trusts it wherever it reads a `Value`: text under
/// it is parsed again, with a fresh limit of depth.
const PRIVATE: &str = "$serde_json::private::";

/// Largest number of reported errors.
const MAX_FINDINGS: usize = 16;

/// Refuses what is not JSON, nests deeper than `max_depth`, or holds NUL or a private name anywhere.
pub(super) fn check(text: &[u8], max_depth: usize) -> Result<(), JsonError> {
    let mut walk = Walk {
        depth_left: max_depth,
        pointer: String::new(),
        findings: Vec::new(),
        stopped: false,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let walked = Step::<VALUE>(&mut walk)
        .deserialize(&mut json)
        .and_then(|()| json.end());
    match walked {
        Err(_) if walk.stopped => Err(JsonError::Invalid(walk.findings)),
        // It is a number, but no type can represent it.
        Err(error) if is_out_of_range(&error) => {
            walk.find("number_out_of_range", "the number is out of range");
            Err(JsonError::Invalid(walk.findings))
        }
        Err(error) => Err(JsonError::Malformed(error)),
        Ok(()) if walk.findings.is_empty() => Ok(()),
        Ok(()) => Err(JsonError::Invalid(walk.findings)),
    }
}

fn is_out_of_range(error: &serde_json::Error) -> bool {
    error.classify() == Category::Syntax && error.to_string().starts_with("number out of range")
}

struct Walk {
    depth_left: usize,
    /// The location of the current value.
    pointer: String,
    findings: Vec<FieldError>,
    /// The walk ended before the text did.
    stopped: bool,
}

impl Walk {
    fn find(&mut self, code: &'static str, message: &'static str) {
        if self.findings.len() < MAX_FINDINGS {
            let finding = FieldError::new(self.pointer.as_str(), code, message);
            self.findings.push(finding);
        }
    }

    fn look_at_text(&mut self, text: &str) {
        if text.contains('\0') {
            self.find("nul_character", "text must not contain NUL");
        }
    }

    fn look_at_name(&mut self, name: &str) {
        if name.starts_with(PRIVATE) {
            self.find(
                "reserved_name",
                "the object has a member with a reserved name",
            );
        }
        push(&mut self.pointer, name);
    }

    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if let Some(left) = self.depth_left.checked_sub(1) {
            self.depth_left = left;
            Ok(())
        } else {
            self.find("too_deep", "the value is nested too deeply");
            self.stopped = true;
            Err(E::custom("nested too deeply"))
        }
    }

    fn leave(&mut self) {
        self.depth_left += 1;
    }
}

/// What a [`Step`] reads: a value, or the name of a member, which is the next segment of the pointer.
const VALUE: bool = false;
const NAME: bool = true;

struct Step<'w, const IS_NAME: bool>(&'w mut Walk);

impl<'de, const IS_NAME: bool> DeserializeSeed<'de> for Step<'_, IS_NAME> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, const IS_NAME: bool> Visitor<'de> for Step<'_, IS_NAME> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.look_at_text(text);
        if IS_NAME {
            self.0.look_at_name(text);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let walk = self.0;
        walk.enter()?;
        let outer = walk.pointer.len();
        for index in 0_usize.. {
            push(&mut walk.pointer, &index.to_string());
            let item = items.next_element_seed(Step::<VALUE>(walk))?;
            // Only now: what fails inside names its place.
            walk.pointer.truncate(outer);
            if item.is_none() {
                break;
            }
        }
        walk.leave();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let walk = self.0;
        walk.enter()?;
        let outer = walk.pointer.len();
        while members.next_key_seed(Step::<NAME>(walk))?.is_some() {
            members.next_value_seed(Step::<VALUE>(walk))?;
            walk.pointer.truncate(outer);
        }
        walk.leave();
        Ok(())
    }
}
