//! The closed list of condition types and reasons: what each means and how bad it is.
//! Messages stand where the fact is known, in the operator.

/// The types of conditions in `status.conditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// Everything runs as the spec says.
    Ready,
    /// The shop can be used, maybe with an older image or fewer pods than asked for.
    Available,
    /// Something is on its way and needs nobody.
    Progressing,
    /// Something is wrong and somebody should look.
    Degraded,
    PostgresReady,
    AuthReady,
    ProductReady,
    OrderReady,
    /// The shop's URL leads to the shop, as the operator sees it through the ingress.
    Routed,
    /// The last audit of stock found no problems. Its reason is the code of the first finding.
    StockConsistent,
    /// The last audit of orders found no problems: sagas, payments, parcels and events come to their end, and orders
    /// agree with the stock. Its reason is the code of the first finding.
    SagasFlowing,
    /// Another installation of the operator watches the stack as well. That one says so, and only while it is true.
    OperatorConflict,
}

impl ConditionType {
    /// As they stand in a status: those of the installation that works on the stack.
    pub const ALL: [Self; 11] = [
        Self::Ready,
        Self::Available,
        Self::Progressing,
        Self::Degraded,
        Self::PostgresReady,
        Self::AuthReady,
        Self::ProductReady,
        Self::OrderReady,
        Self::Routed,
        Self::StockConsistent,
        Self::SagasFlowing,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Available => "Available",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::PostgresReady => "PostgresReady",
            Self::AuthReady => "AuthReady",
            Self::ProductReady => "ProductReady",
            Self::OrderReady => "OrderReady",
            Self::Routed => "Routed",
            Self::StockConsistent => "StockConsistent",
            Self::SagasFlowing => "SagasFlowing",
            Self::OperatorConflict => "OperatorConflict",
        }
    }
}

/// Why a condition is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It runs as the spec says.
    Running,
    /// It runs as the spec says, which is with no pods.
    ScaledToZero,
    /// Nothing of the kind that this condition reports is going on.
    None,
    /// The shop's URL was not requested; the message says why.
    NotChecked,
    /// The spec asks for no route from outside.
    NoIngress,

    /// The database's pod is on its way.
    DatabaseStarting,
    /// The database runs; roles, databases and passwords are being set.
    Bootstrapping,
    /// It waits for the database.
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
    /// An object of the name that the stack needs belongs to somebody else; it was left alone.
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
    /// The database's volume gets no storage, for want of its `StorageClass`, say.
    StorageUnavailable,
    /// The database is another one than before, without its data, and nobody has accepted it.
    DatabaseReplaced,
    /// The database's volume is being deleted, or its storage is gone.
    VolumeLost,
    /// Another stack, older than this one, has the host in the same ingress class.
    HostTaken,
    /// The ingress class that the spec names does not exist, or none is the default.
    IngressClassMissing,
    /// The shop's URL does not lead to this shop.
    NotRouted,
    /// The Secret with the keys of tokens is about to go, and everybody is logged out once it is gone.
    SigningKeysLeaving,
    /// The keys of tokens were lost and made again; everybody is logged out. Of an Event, and of no condition.
    SigningKeysReplaced,
    /// The namespace is being deleted; nothing is applied any more.
    NamespaceTerminating,
    /// Another installation of the operator works on the stack.
    OwnedElsewhere,
}

/// What a reason asks of its reader.
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
    pub const ALL: [Self; 38] = [
        Self::Running,
        Self::ScaledToZero,
        Self::None,
        Self::DatabaseStarting,
        Self::Bootstrapping,
        Self::WaitingForDatabase,
        Self::Migrating,
        Self::WaitingForTurn,
        Self::RollingOut,
        Self::Starting,
        Self::DatabaseStalled,
        Self::BootstrapFailed,
        Self::MigrationFailed,
        Self::ImageUnavailable,
        Self::RolloutStalled,
        Self::PodsFailing,
        Self::TooManyConnections,
        Self::Conflict,
        Self::AdoptionRefused,
        Self::InvalidSpec,
        Self::Unreadable,
        Self::WriteRefused,
        Self::ApiUnavailable,
        Self::RemovingOldData,
        Self::QuotaExceeded,
        Self::StorageUnavailable,
        Self::DatabaseReplaced,
        Self::VolumeLost,
        Self::HostTaken,
        Self::IngressClassMissing,
        Self::NotRouted,
        Self::RoutePending,
        Self::NotChecked,
        Self::NoIngress,
        Self::SigningKeysLeaving,
        Self::SigningKeysReplaced,
        Self::NamespaceTerminating,
        Self::OwnedElsewhere,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::ScaledToZero => "ScaledToZero",
            Self::None => "None",
            Self::DatabaseStarting => "DatabaseStarting",
            Self::Bootstrapping => "Bootstrapping",
            Self::WaitingForDatabase => "WaitingForDatabase",
            Self::Migrating => "Migrating",
            Self::WaitingForTurn => "WaitingForTurn",
            Self::RollingOut => "RollingOut",
            Self::Starting => "Starting",
            Self::DatabaseStalled => "DatabaseStalled",
            Self::BootstrapFailed => "BootstrapFailed",
            Self::MigrationFailed => "MigrationFailed",
            Self::ImageUnavailable => "ImageUnavailable",
            Self::RolloutStalled => "RolloutStalled",
            Self::PodsFailing => "PodsFailing",
            Self::TooManyConnections => "TooManyConnections",
            Self::Conflict => "Conflict",
            Self::AdoptionRefused => "AdoptionRefused",
            Self::InvalidSpec => "InvalidSpec",
            Self::Unreadable => "Unreadable",
            Self::WriteRefused => "WriteRefused",
            Self::ApiUnavailable => "ApiUnavailable",
            Self::RemovingOldData => "RemovingOldData",
            Self::QuotaExceeded => "QuotaExceeded",
            Self::StorageUnavailable => "StorageUnavailable",
            Self::DatabaseReplaced => "DatabaseReplaced",
            Self::VolumeLost => "VolumeLost",
            Self::HostTaken => "HostTaken",
            Self::IngressClassMissing => "IngressClassMissing",
            Self::NotRouted => "NotRouted",
            Self::RoutePending => "RoutePending",
            Self::NotChecked => "NotChecked",
            Self::NoIngress => "NoIngress",
            Self::SigningKeysLeaving => "SigningKeysLeaving",
            Self::SigningKeysReplaced => "SigningKeysReplaced",
            Self::NamespaceTerminating => "NamespaceTerminating",
            Self::OwnedElsewhere => "OwnedElsewhere",
        }
    }

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
