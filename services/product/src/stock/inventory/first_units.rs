//! The stock of a new product, with its first units.

use clock::Ids;
use db::Transaction;
use uuid::Uuid;

use super::{
    model::{DEFAULT_LOCATION, Movement, MovementKind},
    postgres::{inventory, movements},
};
use crate::catalog::products::model::Sku;

/// Writes the stock level and the movement of its first units.
pub(crate) async fn keep_first_units(
    tx: &mut Transaction,
    ids: Ids,
    sku: &Sku,
    on_hand: i64,
    actor: Uuid,
) -> Result<(), sqlx::Error> {
    inventory::open(tx, sku, DEFAULT_LOCATION, on_hand).await?;
    if on_hand == 0 {
        return Ok(());
    }
    let movement = Movement {
        id: ids.uuid(),
        sku: sku.clone(),
        location: DEFAULT_LOCATION.to_owned(),
        kind: MovementKind::Initial,
        delta: on_hand,
        on_hand_after: on_hand,
        reason: None,
        actor: Some(actor),
    };
    movements::add(tx, &movement).await
}
