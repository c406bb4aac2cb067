//! How is a stack described?

use std::{
    any::type_name,
    collections::{BTreeMap, BTreeSet},
    panic::Location,
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    endpoint::{Endpoint, Port, Protocol},
    exposure::Exposure,
    graph::{Finding, rules},
    id::ResourceId,
    kind::{Kind, KindSource, KnownScope},
    lifecycle::Lifecycle,
    origin::Origin,
    pods::Pods,
    reference::Ref,
    resource::Resource,
    stack::{Draft, OwnNamespace, PodSecurity},
};

mod announce;
mod dynamic;
mod existing;
mod expose;
mod later;
mod traffic;

pub(crate) use announce::Announcements;
pub use dynamic::Untyped;
pub(crate) use existing::{Existing, Outside, Since, say};
pub(crate) use traffic::Acceptance;
pub use traffic::{Network, Source};

/// A reusable piece of a stack: a struct and one function.
///
/// ```
/// # use provider_core::{Endpoint, Module, Port, Protocol, Scope, Sensitive};
/// # use provider_core::{GeneratedSecret, Ref, k8s_openapi::api::core::v1::Secret};
/// /// A user and a password that nobody chooses.
/// struct Login {
///     user: &'static str,
/// }
///
/// impl Module for Login {
///     type Outputs = Ref<Secret>;
///
///     fn build(self, scope: &mut Scope<'_>) -> Ref<Secret> {
///         let secret = GeneratedSecret::new("login").plain("user", self.user);
///         scope.add(secret.generate("password", 32))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be added to a stack",
    label = "neither a Kubernetes object nor a module",
    note = "add a Kubernetes object, a custom resource, or a type of yours with `impl Module`",
    note = "a `DynamicObject` is added as `Untyped(object)`"
)]
pub trait Module {
    /// What the rest of the stack may refer to.
    type Outputs;

    /// Adds what the module is made of, and says what others may refer to.
    fn build(self, scope: &mut Scope<'_>) -> Self::Outputs;
}

/// Where a definition writes: resources and modules go in, references and outputs come out.
///
/// Adding never fails. What is wrong is collected as findings and reported together.
pub struct Scope<'a> {
    draft: &'a mut Draft,
    namespace: String,
    origin: Option<Origin>,
}

/// Every kind that the API serves is a module of one resource.
#[diagnostic::do_not_recommend]
impl<K> Module for K
where
    K: kube_core::Resource<DynamicType = ()> + Serialize,
    K::Scope: KnownScope,
{
    type Outputs = Ref<K>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<K> {
        let kind = Kind::of::<K>();
        Ref::new(scope.insert(kind, serde_json::to_value(self)))
    }
}

impl<'a> Scope<'a> {
    pub(crate) fn new(draft: &'a mut Draft) -> Self {
        let namespace = draft.namespace.clone();
        Self {
            draft,
            namespace,
            origin: None,
        }
    }

    /// Adds a resource, which gives back a [`Ref`], or a module, which gives back its outputs.
    #[track_caller]
    pub fn add<M: Module>(&mut self, module: M) -> M::Outputs {
        // The outermost call is the line that a person wrote; modules add the rest on its behalf.
        let outermost = self.origin.is_none();
        if outermost {
            let module = Some(short_type_name::<M>());
            self.origin = Some(Origin {
                module,
                ..Origin::at(Location::caller())
            });
        }
        let outputs = module.build(self);
        if outermost {
            self.origin = None;
        }
        outputs
    }

    /// The stack's name.
    pub fn stack(&self) -> &str {
        &self.draft.stack
    }

    /// The namespace that resources go to which name none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Describes a part of the stack in another namespace, which becomes part of the stack too.
    ///
    /// Its Pods are restricted, unless it is the stack's own namespace or that of [`on_nodes`](Self::on_nodes), which keep
    /// their level. A namespace that is there already is declared with [`existing`](Self::existing).
    #[track_caller]
    pub fn within<T>(
        &mut self,
        namespace: impl Into<String>,
        describe: impl FnOnce(&mut Scope<'_>) -> T,
    ) -> T {
        let namespace = namespace.into();
        let line = self.caller(Location::caller());
        self.draft
            .namespaces
            .entry(namespace.clone())
            .or_insert_with(|| OwnNamespace {
                level: PodSecurity::default(),
                origin: line,
            });
        let origin = self.origin.clone();
        describe(&mut Scope {
            draft: self.draft,
            namespace,
            origin,
        })
    }

    /// Describes what needs the node itself (host paths, host ports, root), in a namespace of its own whose Pods
    /// are not restricted: `<namespace>-agents`.
    #[track_caller]
    pub fn on_nodes<T>(&mut self, describe: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let namespace = format!("{}-agents", self.draft.namespace);
        let origin = self.caller(Location::caller());
        let level = PodSecurity::Privileged;
        self.draft
            .namespaces
            .insert(namespace.clone(), OwnNamespace { level, origin });
        self.within(namespace, describe)
    }

    /// Puts a Service in front of `pods`: it selects them and targets their port by construction.
    ///
    /// A second port of the same Pods joins the same Service. What runs no Pods cannot be exposed:
    ///
    /// ```compile_fail
    /// # use provider_core::{Port, Protocol, Ref, Scope, k8s_openapi::api::core::v1::ConfigMap};
    /// # struct Http;
    /// # impl Protocol for Http { const SCHEME: &'static str = "http"; }
    /// fn shop(stack: &mut Scope<'_>, settings: &Ref<ConfigMap>) {
    ///     stack.expose(settings, Port::<Http>::new("http", 8080)); // a `ConfigMap` does not run Pods
    /// }
    /// ```
    #[track_caller]
    pub fn expose<P: Protocol>(&mut self, pods: impl Into<Pods>, port: Port<P>) -> Endpoint<P> {
        self.expose_as(Exposure::service(), pods, port)
    }

    /// The same with a Service of another kind.
    #[track_caller]
    pub fn expose_as<P: Protocol>(
        &mut self,
        how: Exposure,
        pods: impl Into<Pods>,
        port: Port<P>,
    ) -> Endpoint<P> {
        let origin = self.caller(Location::caller());
        self.put_service(how, &pods.into(), port, origin)
    }

    /// Says that `later` must wait until `earlier` is ready, where no field of `later` says so.
    pub fn depends_on<A: ?Sized, B: ?Sized>(&mut self, later: &Ref<A>, earlier: &Ref<B>) {
        self.edit(later.id(), |resource| {
            resource.depends_on.insert(earlier.id().clone());
        });
    }

    /// The same for the workload that runs these Pods.
    pub fn hold_back<A: ?Sized>(&mut self, pods: impl Into<Pods>, earlier: &Ref<A>) {
        self.edit(&pods.into().workload, |resource| {
            resource.depends_on.insert(earlier.id().clone());
        });
    }

    /// Says what may happen to a resource after it was created.
    pub fn lifecycle<K: ?Sized>(&mut self, resource: &Ref<K>, lifecycle: Lifecycle) {
        self.edit(resource.id(), |resource| resource.lifecycle = lifecycle);
    }

    /// Reports something wrong that a module found; the stack will not be planned.
    pub fn finding(&mut self, finding: Finding) {
        let finding = match (&finding.origin, &self.origin) {
            (None, Some(origin)) => finding.at(origin),
            _ => finding,
        };
        self.draft.findings.push(finding);
    }

    /// Says something that whoever applies the stack should know, such as a limit of what was chosen. It is shown with
    /// the plan and stops nothing.
    ///
    /// ```
    /// # use provider_core::{Finding, Scope, Stack};
    /// let stack = Stack::new("shop", |stack: &mut Scope<'_>| {
    ///     stack.note(Finding::new("no-spare", "one replica: while it restarts, nobody answers"));
    /// });
    /// assert_eq!(stack.graph().unwrap().notes()[0].rule, "no-spare");
    /// ```
    #[track_caller]
    pub fn note(&mut self, mut note: Finding) {
        let line = self.caller(Location::caller());
        note.origin.get_or_insert(line);
        self.draft.notes.push(note);
    }

    fn edit(&mut self, id: &ResourceId, edit: impl FnOnce(&mut Resource)) {
        // A later duplicate is a finding; until it is reported, the first is the one that is meant.
        if let Some(resource) = self
            .draft
            .resources
            .iter_mut()
            .find(|resource| resource.id == *id)
        {
            edit(resource);
        }
    }

    fn caller(&self, location: &'static Location<'static>) -> Origin {
        self.origin.clone().unwrap_or_else(|| Origin::at(location))
    }

    fn insert(&mut self, kind: Kind, object: serde_json::Result<Value>) -> ResourceId {
        let origin = self.caller(Location::caller());
        self.insert_at(kind, object, origin)
    }

    pub(crate) fn insert_at(
        &mut self,
        kind: Kind,
        object: serde_json::Result<Value>,
        mut origin: Origin,
    ) -> ResourceId {
        // What a person adds as it is was made by that line, and by no module.
        let is_itself = |module: &&str| *module == kind.kind || *module == "Untyped";
        origin.module = origin.module.filter(|module| !is_itself(module));
        let mut object = object.unwrap_or_else(|error| {
            let message = format!("a {} could not be written as JSON: {error}", kind.kind);
            self.draft
                .findings
                .push(Finding::new(rules::NOT_JSON, message).at(&origin));
            json!({ "metadata": {} })
        });
        if !object.is_object() || !object["metadata"].is_object() {
            let message = format!("a {} serializes to no object with metadata", kind.kind);
            let finding = Finding::new(rules::NOT_JSON, message).at(&origin);
            self.draft.findings.push(finding);
            object = json!({ "metadata": {} });
        }
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.kind);
        let name = object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let namespace = object["metadata"]["namespace"]
            .as_str()
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or(&self.namespace)
            .to_owned();
        let id = ResourceId::new(&kind, &namespace, name);
        match &id.namespace {
            Some(namespace) => object["metadata"]["namespace"] = json!(namespace),
            None => {
                object["metadata"]
                    .as_object_mut()
                    .and_then(|metadata| metadata.remove("namespace"));
            }
        }
        self.draft.resources.push(Resource {
            id: id.clone(),
            kind,
            known_by: KindSource::default(),
            object,
            lifecycle: Lifecycle::default(),
            recipes: BTreeMap::new(),
            certificate: None,
            borrowed: BTreeMap::new(),
            depends_on: BTreeSet::new(),
            origin,
        });
        id
    }
}

/// `Elasticsearch` of `modules::elasticsearch::Elasticsearch`, without its type arguments.
fn short_type_name<T>() -> &'static str {
    let name = type_name::<T>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube_core::ObjectMeta;

    use super::{Module, Network, Scope};
    use crate::stack::Stack;

    struct Settings;

    impl Module for Settings {
        type Outputs = ();

        fn build(self, scope: &mut Scope<'_>) {
            scope.add(settings("inner"));
            scope.add(settings("second"));
        }
    }

    fn settings(name: &str) -> ConfigMap {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        ConfigMap {
            metadata,
            ..ConfigMap::default()
        }
    }

    #[test]
    fn an_origin_names_the_module_that_a_person_added_and_no_other() {
        let stack = Stack::new("shop", |stack: &mut Scope<'_>| {
            stack.network(Network::Open);
            stack.add(settings("outer"));
            stack.add(Settings);
        });
        let graph = stack.graph().unwrap();
        let module = |name: &str| {
            let mut resources = graph.resources();
            resources
                .find(|resource| resource.id.name == name)
                .and_then(|resource| resource.origin.module)
        };
        assert_eq!(module("outer"), None);
        assert_eq!(module("inner"), Some("Settings"));
        assert_eq!(module("second"), Some("Settings"));
    }
}
