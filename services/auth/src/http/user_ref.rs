//! The segment `{id}` of a user's path: the id of a user, or `me` for the caller.

use std::str::FromStr;

use access::Reach;
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};
use web::Problem;

use crate::accounts::model::UserId;

const ME: &str = "me";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum UserRef {
    Me,
    Id(UserId),
}

impl UserRef {
    /// The user that is named when this user calls.
    pub(crate) fn of(self, caller: UserId) -> UserId {
        match self {
            Self::Me => caller,
            Self::Id(id) => id,
        }
    }

    /// The same for a caller whose permission reaches so far. Other users are then 404, as those that do not exist.
    pub(crate) fn within(self, reach: Reach, caller: UserId) -> Result<UserId, Problem> {
        let user = self.of(caller);
        match reach {
            Reach::Any => Ok(user),
            Reach::Own if user == caller => Ok(user),
            Reach::Own | Reach::No => Err(Problem::not_found()),
        }
    }
}

impl FromStr for UserRef {
    type Err = <UserId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            ME => Ok(Self::Me),
            id => id.parse().map(Self::Id),
        }
    }
}

impl TryFrom<String> for UserRef {
    type Error = <UserId as FromStr>::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl PartialSchema for UserRef {
    fn schema() -> RefOr<Schema> {
        const UUID: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^({ME}|({}_)?{UUID})$", UserId::PREFIX)))
            .examples([serde_json::json!(ME)])
            .into()
    }
}

impl ToSchema for UserRef {}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120002";

    #[test]
    fn me_is_the_caller_and_an_id_is_its_user() {
        let caller = UserId(uuid::Uuid::from_u128(1));
        let other: UserId = UUID.parse().unwrap();
        let read = |text: &str| text.parse::<UserRef>().map(|user| user.of(caller));
        assert_eq!(read("me"), Ok(caller));
        assert_eq!(read(UUID), Ok(other));
        assert_eq!(read(&format!("usr_{UUID}")), Ok(other));
        for text in [
            "",
            "Me",
            "usr_me",
            "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002",
            "ann",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_user_is_not_found_by_a_caller_who_reaches_only_themselves() {
        let caller = UserId(uuid::Uuid::from_u128(1));
        let other: UserRef = UUID.parse().unwrap();
        assert_eq!(other.within(Reach::Own, caller).unwrap_err().status(), 404);
        assert_eq!(UserRef::Me.within(Reach::Own, caller).unwrap(), caller);
        assert_eq!(
            UserRef::Id(caller).within(Reach::Own, caller).unwrap(),
            caller
        );
        assert!(other.within(Reach::Any, caller).is_ok());
        assert_eq!(
            UserRef::Me.within(Reach::No, caller).unwrap_err().status(),
            404
        );
    }
}
