//! The patterns of names and references, each used by more than one field. What Kubernetes, a container runtime or an
//! ingress controller would refuse later is refused when the stack is applied.

/// The name of a Secret or of a class: an RFC 1123 subdomain, whose labels hold 63 characters at most.
pub(crate) const SUBDOMAIN: &str =
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$";

/// A host name. Its last label begins with a letter, as every top-level domain does, so that no IP address matches.
pub(crate) const HOST: &str =
    r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z]([-a-z0-9]{0,61}[a-z0-9])?$";

/// An image reference: `host:port/path/name:tag@digest`. All parts but the name are optional, and all but the tag are lower
/// case.
pub(crate) const IMAGE: &str = concat!(
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[0-9]{1,5})?/)?",
    r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*",
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$"
);

/// What stands before an image's name: `host:port/path`. A port belongs to the host, so there is none after a slash.
pub(crate) const REGISTRY: &str = concat!(
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[0-9]{1,5})?|[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)",
    r"(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$"
);

/// A range of IP addresses in CIDR notation, as far as a pattern can check it; a CEL rule checks the rest.
pub(crate) const ADDRESS_RANGE: &str = r"^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$";

/// A Lease, as `NAMESPACE/NAME`.
pub(crate) const LEASE: &str = concat!(
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/",
    r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
);
