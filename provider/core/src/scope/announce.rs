//! How does a module learn what else is in the stack?
//!
//! A module that watches the whole stack (a Prometheus that asks everyone, dashboards for exactly what is there)
//! cannot be handed everything by name. So a module announces what others may want to know of it, and who wants to
//! know asks at the end, when everything has been added, in whatever order that was.

use std::{any::Any, fmt, rc::Rc};

use crate::{origin::Origin, scope::Scope};

/// What modules told each other, and what is left to do once all of them have spoken.
#[derive(Default)]
pub(crate) struct Announcements {
    facts: Vec<Rc<dyn Any>>,
    last: Vec<Last>,
}

/// A part of the description that waits for the rest.
struct Last {
    describe: Box<dyn FnOnce(&mut Scope<'_>)>,
    namespace: String,
    origin: Option<Origin>,
}

impl fmt::Debug for Announcements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { facts, last } = self;
        write!(
            f,
            "Announcements({} facts, {} last)",
            facts.len(),
            last.len()
        )
    }
}

impl Scope<'_> {
    /// Tells the other modules of the stack a fact, such as where this one can be measured.
    pub fn announce<T: Any>(&mut self, fact: T) {
        self.draft.announcements.facts.push(Rc::new(fact));
    }

    /// The facts of one type that were announced so far, in the order in which they were.
    pub fn announced<T: Any + Clone>(&self) -> Vec<T> {
        let facts = self.draft.announcements.facts.iter();
        facts
            .filter_map(|fact| fact.downcast_ref::<T>().cloned())
            .collect()
    }

    /// Describes a part of the stack after everything else, when all announcements were made.
    ///
    /// What it adds belongs to the module that asked for it. Parts run in the order in which they were asked for; one
    /// that is asked for by another comes after all.
    ///
    /// ```
    /// # use provider_core::{Module, Scope, Stack};
    /// # use provider_core::k8s_openapi::api::core::v1::ConfigMap;
    /// #[derive(Clone)]
    /// struct Greeting(&'static str);
    ///
    /// struct Listener;
    ///
    /// impl Module for Listener {
    ///     type Outputs = ();
    ///
    ///     fn build(self, scope: &mut Scope<'_>) {
    ///         scope.at_end(|scope| {
    ///             let words: Vec<&str> = scope.announced::<Greeting>().iter().map(|greeting| greeting.0).collect();
    ///             assert_eq!(words, ["hello"]);
    ///         });
    ///     }
    /// }
    ///
    /// let stack = Stack::new("shop", |stack: &mut Scope<'_>| {
    ///     stack.add(Listener);
    ///     stack.announce(Greeting("hello"));
    /// });
    /// stack.graph().unwrap();
    /// ```
    pub fn at_end(&mut self, describe: impl FnOnce(&mut Scope<'_>) + 'static) {
        let last = Last {
            describe: Box::new(describe),
            namespace: self.namespace.clone(),
            origin: self.origin.clone(),
        };
        self.draft.announcements.last.push(last);
    }

    /// Describes what was left for the end.
    pub(crate) fn end(&mut self) {
        while !self.draft.announcements.last.is_empty() {
            for Last {
                describe,
                namespace,
                origin,
            } in std::mem::take(&mut self.draft.announcements.last)
            {
                describe(&mut Scope {
                    draft: self.draft,
                    namespace,
                    origin,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube_core::ObjectMeta;

    use crate::{
        scope::{Module, Network, Scope},
        stack::Stack,
    };

    #[derive(Clone)]
    struct Name(String);

    /// Writes down all names that the stack announces.
    struct Register;

    impl Module for Register {
        type Outputs = ();

        fn build(self, scope: &mut Scope<'_>) {
            scope.within("other", |scope| {
                scope.at_end(|scope| {
                    let names = scope
                        .announced::<Name>()
                        .into_iter()
                        .map(|name| (name.0, String::new()));
                    scope.add(ConfigMap {
                        metadata: ObjectMeta {
                            name: Some("names".to_owned()),
                            ..ObjectMeta::default()
                        },
                        data: Some(names.collect()),
                        ..ConfigMap::default()
                    });
                });
            });
        }
    }

    #[test]
    fn what_is_described_at_the_end_sees_what_was_announced_later() {
        let graph = Stack::new("shop", |stack: &mut Scope<'_>| {
            stack.network(Network::Open);
            stack.add(Register);
            stack.announce(Name("later".to_owned()));
            stack.announce(7_u8);
            stack.at_end(|stack| stack.at_end(|stack| assert_eq!(stack.announced::<u8>(), [7])));
        })
        .graph()
        .unwrap();
        let names = graph
            .resources()
            .find(|resource| resource.id.name == "names")
            .unwrap();
        assert_eq!(names.object["data"], serde_json::json!({ "later": "" }));
        assert_eq!(names.id.namespace.as_deref(), Some("other"));
        assert_eq!(names.origin.module, Some("Register"));
    }
}
