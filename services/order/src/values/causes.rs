//! What failed underneath, as a value that may be shared.

use std::{error::Error, sync::Arc};

/// What failed underneath; shared, since one failure answers a whole batch.
pub type Cause = Arc<dyn Error + Send + Sync>;
