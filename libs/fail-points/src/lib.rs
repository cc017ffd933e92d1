//! Places where tests break a service: before and after a commit, a call, an answer. They are compiled to nothing without
//! the feature `enabled`. With it `FAIL_POINT` names the place and what happens there each time it is reached, such as
//! `after_reserve:abort`, `…:sleep` (an hour), `…:delay` (300 ms) or `…:error`; several are separated by commas.

/// The error of a step that is made to fail.
#[derive(Debug, thiserror::Error)]
#[error("failed on demand")]
pub struct OnDemand;

/// Declares the places of a service: `fail_points! { AfterReserve = "after_reserve" }`.
#[macro_export]
macro_rules! fail_points {
    ($($(#[$docs:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A step that has just been done, or is about to be.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FailPoint { $($(#[$docs])* $variant),+ }

        impl FailPoint {
            /// All of them, for a crash matrix.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

#[cfg(not(feature = "enabled"))]
#[expect(
    clippy::unused_async,
    reason = "the same signature as with the feature"
)]
pub async fn reach(_: &str) -> Result<(), OnDemand> {
    Ok(())
}

#[cfg(feature = "enabled")]
pub async fn reach(place: &str) -> Result<(), OnDemand> {
    use std::time::Duration;
    match setting("FAIL_POINT", place).as_deref() {
        Some("abort") => std::process::abort(),
        Some("sleep") => tokio::time::sleep(Duration::from_hours(1)).await,
        Some("delay") => tokio::time::sleep(Duration::from_millis(300)).await,
        Some("error") => return Err(OnDemand),
        Some(_) | None => {}
    }
    Ok(())
}

/// The value of the variable for this place.
#[cfg(feature = "enabled")]
#[expect(
    clippy::disallowed_methods,
    reason = "no setting: it does not exist in a release"
)]
pub fn setting(variable: &str, place: &str) -> Option<String> {
    let setting = std::env::var(variable).unwrap_or_default();
    setting
        .split(',')
        .filter_map(|one| one.split_once(':'))
        .find(|(name, _)| *name == place)
        .map(|(_, what)| what.to_owned())
}
