//! What is in the cluster already, and may be referred to?

use kube_core::Resource;
use std::{collections::BTreeMap, panic::Location};

use crate::{
    graph::namespace_id,
    id::ResourceId,
    k8s_openapi::api::core::v1::Namespace,
    kind::{Kind, KnownScope},
    origin::Origin,
    reference::Ref,
    scope::Scope,
};

/// What is in the cluster though the stack does not describe it.
pub(crate) type Existing = BTreeMap<ResourceId, Outside>;

/// Something that a definition refers to and does not describe.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) kind: Kind,
    pub(crate) since: Since,
    pub(crate) origin: Origin,
}

/// From when on it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Since {
    /// As soon as something in the cluster has made it, which may wait for the stack: nobody looks for it.
    Later,
    /// As soon as what is in it: a namespace of which nothing else was said.
    WithContent,
    /// Before the stack.
    Always,
}

impl Scope<'_> {
    /// Says that an object is in the cluster already, so that the stack may refer to what it does not describe:
    /// a storage class, a Secret that someone else keeps. It is looked for before anything is applied.
    ///
    /// ```
    /// # use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
    /// fn shop(stack: &mut Scope<'_>) {
    ///     let registry = stack.existing::<Secret>("registry-login");
    ///     let _password = registry.key("password");
    /// }
    /// ```
    #[track_caller]
    pub fn existing<K>(&mut self, name: impl Into<String>) -> Ref<K>
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        let namespace = self.namespace.clone();
        self.existing_in(namespace, name)
    }

    /// The same for an object of another namespace, which is taken to exist as well.
    #[track_caller]
    pub fn existing_in<K>(
        &mut self,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Ref<K>
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        let line = self.caller(Location::caller());
        let (namespace, name) = (namespace.into(), name.into());
        Ref::new(self.outside(Kind::of::<K>(), &namespace, name, Since::Always, line))
    }

    /// Says that something in the cluster makes an object once the stack is there, such as an operator the Secret that
    /// is asked for in a custom resource. The stack may refer to it, and nobody looks for it beforehand.
    ///
    /// ```
    /// # use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
    /// fn shop(stack: &mut Scope<'_>) {
    ///     let login = stack.awaited::<Secret>("login"); // from an `ExternalSecret` of this stack
    ///     let _password = login.key("password");
    /// }
    /// ```
    #[track_caller]
    pub fn awaited<K>(&mut self, name: impl Into<String>) -> Ref<K>
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        let namespace = self.namespace.clone();
        self.awaited_in(namespace, name)
    }

    /// The same for an object of another namespace.
    #[track_caller]
    pub fn awaited_in<K>(&mut self, namespace: impl Into<String>, name: impl Into<String>) -> Ref<K>
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        let line = self.caller(Location::caller());
        let (namespace, name) = (namespace.into(), name.into());
        Ref::new(self.outside(Kind::of::<K>(), &namespace, name, Since::Later, line))
    }

    /// As [`existing_in`](Self::existing_in), for an object of a kind that no Rust type describes.
    #[track_caller]
    pub fn existing_of(&mut self, kind: Kind, namespace: &str, name: &str) -> ResourceId {
        let line = self.caller(Location::caller());
        self.outside(kind, namespace, name.to_owned(), Since::Always, line)
    }

    fn outside(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: String,
        since: Since,
        origin: Origin,
    ) -> ResourceId {
        let id = ResourceId::new(&kind, namespace, name);
        // The namespace that is being described here may be one that the stack makes.
        if let Some(namespace) = id
            .namespace
            .as_deref()
            .filter(|name| since == Since::Always && *name != self.namespace)
        {
            let kind = Kind::of::<Namespace>();
            let outside = Outside {
                kind,
                since: Since::WithContent,
                origin: origin.clone(),
            };
            say(&mut self.draft.existing, namespace_id(namespace), outside);
        }
        let outside = Outside {
            kind,
            since,
            origin,
        };
        say(&mut self.draft.existing, id.clone(), outside);
        id
    }

    /// Describes a part of the stack in a namespace of somebody else, such as that of an application: the stack keeps its
    /// objects there, and neither makes the namespace nor closes it. Where the stack describes it with
    /// [`within`](Self::within) too, it is the stack's own.
    ///
    /// ```
    /// # use provider_core::{Scope, k8s_openapi::api::core::v1::ConfigMap};
    /// fn prod(stack: &mut Scope<'_>, settings: ConfigMap) {
    ///     stack.within_foreign("shop", |scope| scope.add(settings));
    /// }
    /// ```
    #[track_caller]
    pub fn within_foreign<T>(
        &mut self,
        namespace: impl Into<String>,
        describe: impl FnOnce(&mut Scope<'_>) -> T,
    ) -> T {
        let namespace = namespace.into();
        let line = self.caller(Location::caller());
        self.draft.foreign.entry(namespace.clone()).or_insert(line);
        let origin = self.origin.clone();
        describe(&mut Scope {
            draft: self.draft,
            namespace,
            origin,
        })
    }
}

/// Of what was said several times about one object, the strongest counts, and of equals the first.
pub(crate) fn say(existing: &mut Existing, id: ResourceId, outside: Outside) {
    let known = existing.get(&id).map(|known| known.since);
    if known.is_none_or(|known| known < outside.since) {
        existing.insert(id, outside);
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube_core::ObjectMeta;

    use crate::{scope::Scope, stack::Stack};

    fn note(scope: &mut Scope<'_>) {
        scope.add(ConfigMap {
            metadata: ObjectMeta {
                name: Some("note".to_owned()),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        });
    }

    fn namespaces(define: fn(&mut Scope<'_>)) -> Vec<String> {
        let graph = Stack::new("prod", define).graph().unwrap();
        let namespaces = graph
            .resources()
            .filter(|resource| resource.id.kind == "Namespace");
        namespaces
            .map(|resource| resource.id.name.clone())
            .collect()
    }

    #[test]
    fn the_namespace_of_others_is_not_made_unless_it_is_the_stacks_own_too() {
        let foreign: fn(&mut Scope<'_>) = |scope| scope.within_foreign("shop", note);
        let both: fn(&mut Scope<'_>) = |scope| {
            scope.within_foreign("shop", note);
            scope.within("shop", |_| ());
        };
        assert_eq!(namespaces(foreign), ["prod"]);
        assert_eq!(namespaces(both), ["prod", "shop"]);
    }
}
