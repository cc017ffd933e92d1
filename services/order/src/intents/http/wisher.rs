//! Who asks for a change of payments or orders, in the words of the use cases.

use access::Requires;
use idempotency::IdempotencyKey;

use crate::{
    infrastructure::http::listing::{actor, reader},
    intents::Wisher,
    values::UserId,
};

pub fn wisher<P>(caller: &Requires<P>, key: &IdempotencyKey) -> Wisher {
    Wisher {
        user: UserId(caller.id),
        actor: actor(caller),
        reader: reader(caller),
        key: key.as_str().to_owned(),
    }
}
