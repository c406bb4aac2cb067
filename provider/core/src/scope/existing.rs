//! What is in the cluster already, and may be referred to?

use kube_core::Resource;

use crate::{
    graph::namespace_id,
    id::ResourceId,
    kind::{Kind, KnownScope},
    reference::Ref,
    scope::Scope,
};

impl Scope<'_> {
    /// Says that an object is in the cluster already, so that the stack may refer to what it does not describe:
    /// a storage class, a Secret that someone else keeps.
    ///
    /// ```
    /// # use provider_core::{Scope, k8s_openapi::api::core::v1::Secret};
    /// fn shop(stack: &mut Scope<'_>) {
    ///     let registry = stack.existing::<Secret>("registry-login");
    ///     let _password = registry.key("password");
    /// }
    /// ```
    pub fn existing<K>(&mut self, name: impl Into<String>) -> Ref<K>
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        let id = ResourceId::new(&Kind::of::<K>(), &self.namespace, name);
        self.draft.existing.insert(id.clone());
        Ref::new(id)
    }

    /// The same for an object of another namespace, which is taken to exist as well.
    pub fn existing_in<K>(
        &mut self,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Ref<K>
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        let id = ResourceId::new(&Kind::of::<K>(), &namespace.into(), name);
        self.existing_id(id.clone());
        Ref::new(id)
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
    pub fn within_foreign<T>(
        &mut self,
        namespace: impl Into<String>,
        describe: impl FnOnce(&mut Scope<'_>) -> T,
    ) -> T {
        let namespace = namespace.into();
        self.draft.foreign.insert(namespace.clone());
        let origin = self.origin.clone();
        describe(&mut Scope {
            draft: self.draft,
            namespace,
            origin,
        })
    }

    /// As [`existing_in`](Self::existing_in), for an object of a kind that no Rust type describes.
    pub fn existing_id(&mut self, id: ResourceId) {
        // The namespace that is being described here may be one that the stack makes.
        if let Some(namespace) = id
            .namespace
            .as_deref()
            .filter(|name| *name != self.namespace)
        {
            self.draft.existing.insert(namespace_id(namespace));
        }
        self.draft.existing.insert(id);
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
