//! New recovery codes, as a response shows them once.

use serde::Serialize;
use utoipa::ToSchema;

use crate::mfa::model::RecoveryCode;

#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes, example = json!({ "recovery_codes": [
    "ABCD-EFGH-IJKL-MNOP", "QRST-UVWX-YZ23-4567", "GEZD-GNBV-GY3T-QOJQ", "MZXW-6YTB-OI2D-GNRT", "KRSX-G5DS-MFXG-4ZJA",
    "JBSW-Y3DP-EHPK-3PXP", "NBSW-Y3DP-FQQH-O33S", "ONSW-G4TF-OQQG-S43F", "OBQX-G43X-N5ZG-IIDX", "MFZG-KZLU-OFZX-I2LP",
] }))]
pub(super) struct RecoveryCodesView {
    /// Each stands in for a code of the app once. They are not shown again.
    recovery_codes: Vec<String>,
}

impl From<[RecoveryCode; RecoveryCode::COUNT]> for RecoveryCodesView {
    fn from(codes: [RecoveryCode; RecoveryCode::COUNT]) -> Self {
        Self {
            recovery_codes: codes.iter().map(RecoveryCode::reveal).collect(),
        }
    }
}
