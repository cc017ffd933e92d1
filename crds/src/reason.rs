//! The closed list of condition types and reasons: what each means and how severe it is. The operator writes the messages.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// The types of conditions in `status.conditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantArray)]
#[strum(const_into_str)]
pub enum ConditionType {
    /// All components run as the spec requires.
    Ready,
    /// The shop is usable, possibly with an older image or fewer pods than requested.
    Available,
    /// A change is in progress and needs no intervention.
    Progressing,
    /// There is a problem that needs intervention.
    Degraded,
    PostgresReady,
    AuthReady,
    ProductReady,
    OrderReady,
    /// The shop's URL leads to the shop, as the operator sees it through the ingress.
    Routed,
    /// The last audit of stock found no problems. Its reason is the code of the first finding.
    StockConsistent,
    /// The last audit of orders found no problems: sagas, payments, shipments and events complete, and orders agree
    /// with the stock. Its reason is the code of the first finding.
    SagasFlowing,
    /// Another installation of the operator watches the stack as well. That installation reports it, and only while
    /// it is true.
    OperatorConflict,
}

impl ConditionType {
    /// The types that the installation reports that owns the stack, in the order of the status.
    pub fn reported() -> impl Iterator<Item = Self> {
        let all = Self::VARIANTS.iter().copied();
        all.filter(|type_| *type_ != Self::OperatorConflict)
    }
}

/// Why a condition is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr)]
#[strum(const_into_str)]
pub enum Reason {
    /// It runs as the spec requires.
    Running,
    /// It is scaled to zero by the spec.
    ScaledToZero,
    /// No change or problem of the condition's kind exists.
    None,
    /// The shop's URL was not requested; the message says why.
    NotChecked,
    /// The spec has no ingress.
    NoIngress,

    /// The database's pod is starting.
    DatabaseStarting,
    /// The database runs; roles, databases and passwords are being set up.
    Bootstrapping,
    /// Waits for the database.
    WaitingForDatabase,
    /// The migration Job of the new image runs; the old image keeps serving.
    Migrating,
    /// The new image is released; another component rolls first.
    WaitingForTurn,
    /// New pods replace old ones.
    RollingOut,
    /// Fewer pods are ready than asked for, and no rollout is going on.
    Starting,
    /// The data of a deleted stack of the same name are being removed; this stack starts after that.
    RemovingOldData,
    /// The ingress controller has not taken up the route yet.
    RoutePending,

    /// The database has not answered for more than five minutes, and nothing says why.
    DatabaseStalled,
    /// The bootstrap Job failed.
    BootstrapFailed,
    /// The migration Job failed; the old image keeps serving.
    MigrationFailed,
    /// An image cannot be pulled or its reference cannot be read; the old image keeps serving.
    ImageUnavailable,
    /// New pods did not become ready in time; the old pods keep serving.
    RolloutStalled,
    /// Pods crash or cannot be scheduled.
    PodsFailing,
    /// All replicas at their maximum would open more connections than the database takes.
    TooManyConnections,
    /// An object with a name that the stack needs is not the stack's; it was left unchanged.
    Conflict,
    /// The volume of a deleted stack of the same name was made with other values of fields that cannot change.
    AdoptionRefused,
    /// The spec, or a Secret it needs, cannot be used as it is.
    InvalidSpec,
    /// The operator cannot read the resource: its definition in the cluster is of another version than the operator.
    Unreadable,
    /// The API server refused a write of the operator's.
    WriteRefused,
    /// The API server did not answer, or answered with an error of its own.
    ApiUnavailable,
    /// A `ResourceQuota` or a `LimitRange` of the namespace forbids an object or its pods.
    QuotaExceeded,
    /// The database's volume gets no storage, for example because its `StorageClass` does not exist.
    StorageUnavailable,
    /// The database is not the previous one and lacks its data, and it has not been accepted.
    DatabaseReplaced,
    /// The database's volume is being deleted, or its storage is gone.
    VolumeLost,
    /// Another stack, older than this one, has the host in the same ingress class.
    HostTaken,
    /// The ingress class that the spec names does not exist, or none is the default.
    IngressClassMissing,
    /// The shop's URL does not lead to this shop.
    NotRouted,
    /// The Secret with the token signing keys is being deleted; all users are logged out once it is gone.
    SigningKeysLeaving,
    /// The token signing keys were lost and generated again; all users are logged out. Used in an Event, not in a
    /// condition.
    SigningKeysReplaced,
    /// The namespace is being deleted; nothing is applied any more.
    NamespaceTerminating,
    /// Another installation of the operator works on the stack.
    OwnedElsewhere,
}

/// What a reason requires of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing.
    Fine,
    /// Patience.
    Moving,
    /// Action.
    Wrong,
}

impl Reason {
    pub fn severity(self) -> Severity {
        match self {
            Self::Running
            | Self::ScaledToZero
            | Self::None
            | Self::NotChecked
            | Self::NoIngress => Severity::Fine,
            Self::DatabaseStarting
            | Self::Bootstrapping
            | Self::WaitingForDatabase
            | Self::Migrating
            | Self::WaitingForTurn
            | Self::RollingOut
            | Self::Starting
            | Self::RemovingOldData
            | Self::RoutePending => Severity::Moving,
            Self::DatabaseStalled
            | Self::BootstrapFailed
            | Self::MigrationFailed
            | Self::ImageUnavailable
            | Self::RolloutStalled
            | Self::PodsFailing
            | Self::TooManyConnections
            | Self::Conflict
            | Self::AdoptionRefused
            | Self::InvalidSpec
            | Self::Unreadable
            | Self::WriteRefused
            | Self::ApiUnavailable
            | Self::QuotaExceeded
            | Self::StorageUnavailable
            | Self::DatabaseReplaced
            | Self::VolumeLost
            | Self::HostTaken
            | Self::IngressClassMissing
            | Self::NotRouted
            | Self::SigningKeysLeaving
            | Self::SigningKeysReplaced
            | Self::NamespaceTerminating
            | Self::OwnedElsewhere => Severity::Wrong,
        }
    }
}
