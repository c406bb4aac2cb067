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

    /// The same for an object of a kind that no Rust type describes.
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
