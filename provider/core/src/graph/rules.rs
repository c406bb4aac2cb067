//! Which mistakes does a graph know?

/// A kind of mistake: its stable name, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name, as a finding carries it.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

macro_rules! rules {
    ($($constant:ident = $name:literal: $meaning:literal;)*) => {
        $(pub(crate) const $constant: &str = $name;)*

        /// Every mistake that a graph knows, by name. Modules report further ones of their own.
        ///
        #[doc = "| rule | what is wrong |"]
        #[doc = "|---|---|"]
        $(#[doc = concat!("| `", $name, "` | ", $meaning, " |")])*
        pub const RULES: &[Rule] = &[$(Rule { name: $name, meaning: $meaning }),*];
    };
}

rules! {
    AUTHORITY_IN_POD = "authority-in-pod": "a Pod uses the Secret with the key of a certificate authority";
    BLOCKED_DRAIN = "blocked-drain": "a PodDisruptionBudget never allows a Pod to go, so no node can be drained";
    CYCLE = "cycle": "resources wait for each other";
    DANGLING_REFERENCE = "dangling-reference": "an object names another that is neither in the stack nor said to exist";
    DUPLICATE_CONTAINER = "duplicate-container": "two containers of a Pod have one name";
    DUPLICATE_ID = "duplicate-id": "two resources are the same object";
    DUPLICATE_MOUNT = "duplicate-mount": "two mounts of a container have one path";
    DUPLICATE_PORT = "duplicate-port": "two ports of a Pod or a Service have one name or one number";
    DUPLICATE_VARIABLE = "duplicate-variable": "two environment variables of a container have one name";
    DUPLICATE_VOLUME = "duplicate-volume": "two volumes of a Pod have one name";
    ILLEGAL_LABEL = "illegal-label": "a label's key or value is not one that the API accepts";
    ILLEGAL_NAME = "illegal-name": "a name is not one that the API accepts";
    ILLEGAL_PORT = "illegal-port": "a port's number is not between 1 and 65535";
    MISSING_IMAGE = "missing-image": "a container names no image";
    MISSING_KEY = "missing-key": "a key is used that the ConfigMap or Secret does not have";
    MISSING_VOLUME = "missing-volume": "a container mounts a volume that the Pod does not have";
    NOT_JSON = "not-json": "a resource does not serialize to a JSON object";
    OTHER_NAMESPACE = "other-namespace": "an object names another that is in another namespace, out of its reach";
    OVERLAPPING_SELECTORS = "overlapping-selectors": "a workload selects the Pods of another one";
    POD_SECURITY = "pod-security": "a Pod does what its namespace does not allow (Pod Security Standards)";
    SELECTOR_MISMATCH = "selector-mismatch": "a workload does not select the Pods that it makes";
    SELECTS_NOTHING = "selects-nothing": "a selector selects no Pods of this stack";
    UNDECLARED_PORT = "undeclared-port": "traffic goes to a port that no container declares";
    UNKNOWN_NAMESPACE = "unknown-namespace": "an object is in a namespace that is neither in the stack nor said to exist";
    UNKNOWN_PODS = "unknown-pods": "a connection begins or ends at Pods that are not in the stack";
    UNSELECTABLE_PODS = "unselectable-pods": "Pods have no labels, so no policy can be about them";
    UNTYPED_OBJECT = "untyped-object": "an untyped object has no apiVersion or no kind";
    UNTAGGED_IMAGE = "untagged-image": "an image has neither a version nor a digest, so what runs is not what was reviewed";
}
