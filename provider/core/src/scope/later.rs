//! Which values of a resource are only known when it is applied?

use std::collections::BTreeMap;

use crate::{
    borrowed::Borrowed, certificate::Certificate, reference::Ref, scope::Scope, secret::Recipe,
};

impl Scope<'_> {
    /// Says that a field of a resource has a value that stands in a Secret of this stack. `pointer` is a JSON pointer
    /// (RFC 6901) such as `/webhooks/0/clientConfig/caBundle`; maps on the way are made.
    pub fn borrow<K: ?Sized>(
        &mut self,
        resource: &Ref<K>,
        pointer: impl Into<String>,
        borrowed: Borrowed,
    ) {
        self.edit(resource.id(), |resource| {
            resource.borrowed.insert(pointer.into(), borrowed);
        });
    }

    pub(crate) fn certificate<K: ?Sized>(&mut self, resource: &Ref<K>, certificate: Certificate) {
        self.edit(resource.id(), |resource| {
            resource.certificate = Some(certificate);
        });
    }

    pub(crate) fn recipes<K: ?Sized>(
        &mut self,
        resource: &Ref<K>,
        recipes: BTreeMap<String, Recipe>,
    ) {
        self.edit(resource.id(), |resource| resource.recipes = recipes);
    }
}
