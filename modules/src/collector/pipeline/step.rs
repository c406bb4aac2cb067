//! What can happen to data on its way, one after the other?

use collector_config::{
    ComponentId, Config, IdError, Signal as Kind,
    components::processors::{Action, AttributeAction, Resource},
};

use super::Pipeline;
use crate::signal::Signal;

/// One thing that happens to data.
#[derive(Clone, Debug)]
pub(in crate::collector) enum Step {
    /// Attributes of what data comes from are changed.
    Resource(Resource),
}

impl<S: Signal> Pipeline<S> {
    /// Says something of where data comes from, whatever was said before: `k8s.cluster.name`, for example.
    #[must_use]
    pub fn resource(mut self, key: &str, value: &str) -> Self {
        let action = set(key, value);
        if let Some(Step::Resource(resource)) = self.way.steps.last_mut() {
            resource.attributes.push(action);
        } else {
            self.way.steps.push(Step::Resource(Resource {
                attributes: vec![action],
            }));
        }
        self
    }
}

fn set(key: &str, value: &str) -> AttributeAction {
    AttributeAction {
        key: key.to_owned(),
        action: Action::Upsert,
        value: Some(value.into()),
        from_attribute: None,
    }
}

impl Step {
    /// Defines the processor for it.
    fn define(&self, config: &mut Config, name: &str) -> Result<ComponentId, IdError> {
        match self {
            Self::Resource(resource) => config.add_named(name, resource),
        }
    }

    /// Defines the processors for all of them, named by their signal and place.
    pub(in crate::collector) fn define_all(
        steps: &[Self],
        config: &mut Config,
        signal: Kind,
    ) -> Result<Vec<ComponentId>, IdError> {
        let each = steps.iter().enumerate();
        each.map(|(place, step)| step.define(config, &format!("{signal}-{}", place + 1)))
            .collect()
    }
}
