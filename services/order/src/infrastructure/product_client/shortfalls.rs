//! Product's calls about missing units. Its release before answers the same without a limit.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::CatalogHttp;
use crate::{
    checkout::ports::{Misfit, ReservationsError},
    shortfalls::{
        model::Shortfall,
        ports::{OpenPage, OpenShortfalls},
    },
    values::{OrderId, Sku, SkuError},
};

#[derive(Deserialize)]
struct Open {
    shortfalls: Vec<Box<RawValue>>,
    next: Option<Uuid>,
}

#[derive(Deserialize)]
struct OpenOne {
    id: Uuid,
    order_id: Uuid,
    sku: String,
    quantity: u64,
}

#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("the shortfall is invalid")]
    Json(#[from] serde_json::Error),
    #[error("its SKU is invalid")]
    Sku(#[from] SkuError),
    #[error("its number of missing units is zero")]
    Nothing,
}

#[derive(Serialize)]
struct Settle<'a> {
    ids: &'a [Uuid],
}

impl OpenShortfalls for CatalogHttp {
    async fn open(&self, after: Option<Uuid>) -> Result<OpenPage, ReservationsError> {
        let after = after.map_or_else(String::new, |after| format!("&after={after}"));
        let path = format!("/internal/shortfalls?limit=100{after}");
        let Open { shortfalls, next } = self.ask(&path).await?;
        let read =
            |entry: Box<RawValue>| shortfall(&entry).map_err(|error| Misfit(Arc::new(error)));
        Ok(OpenPage {
            shortfalls: shortfalls.into_iter().map(read).collect(),
            next,
        })
    }

    async fn settle(&self, ids: &[Uuid]) -> Result<(), ReservationsError> {
        self.tell("/internal/shortfalls/settle", &Settle { ids })
            .await
    }
}

fn shortfall(entry: &RawValue) -> Result<Shortfall, OpenError> {
    let OpenOne {
        id,
        order_id,
        sku,
        quantity,
    } = serde_json::from_str(entry.get())?;
    if quantity == 0 {
        return Err(OpenError::Nothing);
    }
    Ok(Shortfall {
        id,
        order_id: OrderId(order_id),
        sku: Sku::try_from(sku)?,
        quantity,
    })
}
