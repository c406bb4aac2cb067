//! How is an object added that no Rust type describes?

use std::panic::Location;

use kube_core::{ApiResource, DynamicObject, GroupVersionKind};

use crate::{
    graph::{Finding, kind_of, rules},
    kind::{Kind, KindScope},
    reference::Ref,
    scope::{Module, Scope},
};

/// An object that no Rust type describes.
///
/// It says what it is in `apiVersion` and `kind`. How its kind is called in URLs and whether its objects
/// live in namespaces is looked up: in a custom resource's definition of the same stack, wherever it stands, else
/// in what is known of Kubernetes itself. For other kinds the usual is assumed, which the cluster's discovery must
/// confirm; [`Scope::add_dynamic`] takes such knowledge from whoever has it.
///
/// ```
/// # use provider_core::{Scope, Untyped, kube_core::DynamicObject};
/// # fn parse(_: &str) -> DynamicObject { unimplemented!() }
/// fn shop(stack: &mut Scope<'_>) {
///     let monitor: DynamicObject = parse("monitor.yaml");
///     stack.add(Untyped(monitor));
/// }
/// ```
// The orphan rules forbid `impl Module for DynamicObject` beside the one for all typed kinds.
#[derive(Clone, Debug)]
pub struct Untyped(pub DynamicObject);

impl Module for Untyped {
    type Outputs = Ref<DynamicObject>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<DynamicObject> {
        let Untyped(object) = self;
        let types = object.types.clone().unwrap_or_default();
        if types.api_version.is_empty() || types.kind.is_empty() {
            let name = object.metadata.name.clone().unwrap_or_default();
            let message = format!("the object `{name}` does not say what it is");
            let finding = Finding::new(rules::UNTYPED_OBJECT, message);
            scope.finding(finding.hint("fill in its `apiVersion` and `kind`"));
        }
        let (group, version) = types
            .api_version
            .split_once('/')
            .unwrap_or(("", &types.api_version));
        let usual = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &types.kind));
        let usual = kind_from(&usual, KindScope::Namespaced);
        let (kind, known_by) = kind_of(usual, &scope.draft.resources);
        let id = scope.insert(kind, serde_json::to_value(object));
        if let Some(resource) = scope.draft.resources.last_mut() {
            resource.known_by = known_by;
        }
        Ref::new(id)
    }
}

impl Scope<'_> {
    /// Adds an object of a kind that no Rust type describes, for whoever knows how the API serves it.
    ///
    /// `scope` is what the kind's definition says; an object of a namespaced kind without a namespace goes into
    /// the stack's. Where this is not known, [`add`](Self::add) takes it as [`Untyped`].
    #[track_caller]
    pub fn add_dynamic(
        &mut self,
        object: DynamicObject,
        kind: &ApiResource,
        scope: KindScope,
    ) -> Ref<DynamicObject> {
        let origin = self.caller(Location::caller());
        let kind = kind_from(kind, scope);
        Ref::new(self.insert_at(kind, serde_json::to_value(object), origin))
    }
}

fn kind_from(kind: &ApiResource, scope: KindScope) -> Kind {
    Kind {
        group: kind.group.clone(),
        version: kind.version.clone(),
        kind: kind.kind.clone(),
        plural: kind.plural.clone(),
        scope,
    }
}
