//! What is sent of an object, once all of its values are known?

use base64::{Engine as _, engine::general_purpose::STANDARD};
use error_reporter::Report;
use provider_core::{
    Certificate, Kind, ResourceId,
    k8s_openapi::api::core::v1::Secret,
    plan::{Action, Step, place},
};
use serde_json::{Map, Value};

use super::{
    random::cook,
    step::{Broken, Worker},
};
use crate::{
    certify,
    report::{Class, Failed},
};

impl Worker<'_> {
    /// The object with the values that nobody chose, that are due, and that stand in other objects.
    pub(super) async fn body(&self, step: &Step) -> Result<Value, Broken> {
        let mut body = step.desired.clone().unwrap_or_default();
        let creates = matches!(step.action, Action::Create | Action::Replace);
        for (key, recipe) in step.recipes.iter().filter(|_| creates) {
            let made = STANDARD.encode(cook(*recipe).expose());
            place(&mut body, &format!("/data/{key}"), made.into());
        }
        self.certify(step, &mut body).await?;
        for pointer in &step.awaited {
            let borrowed = &step.borrowed[pointer];
            let source = self.secret(&borrowed.from).await?;
            let Some(value) = borrowed.of(&source) else {
                let message = format!("it needs {borrowed}, which is not there");
                return Err(Broken::Failed(Failed::new(Class::Unmade, message)));
            };
            place(&mut body, pointer, value);
        }
        Ok(body)
    }

    async fn certify(&self, step: &Step, body: &mut Value) -> Result<(), Broken> {
        let Some((certificate, making)) = step.certificate.as_ref().zip(step.making) else {
            return Ok(());
        };
        let authority = match certificate {
            Certificate::Leaf { authority, .. } => Some(self.secret(authority).await?),
            Certificate::Authority { .. } => None,
        };
        let now = jiff::Timestamp::now();
        let (held, authority) = (step.live.as_ref(), authority.as_ref());
        let made = certify::made(certificate, making, held, authority, now).map_err(|error| {
            let message = Report::new(&error).to_string();
            Broken::Failed(Failed::new(Class::Unmade, message))
        })?;
        let data = body.as_object_mut().map(|body| {
            body.entry("data")
                .or_insert_with(|| Value::Object(Map::new()))
        });
        if let Some(Value::Object(data)) = data {
            for (key, value) in made {
                match value {
                    Some(value) => drop(data.insert(key.to_owned(), value.into())),
                    None => drop(data.remove(key)),
                }
            }
        }
        Ok(())
    }

    /// A Secret as it is now; one that is not there is empty.
    async fn secret(&self, id: &ResourceId) -> Result<Value, Broken> {
        let kind = Kind::of::<Secret>();
        let found = self.cluster.get(&kind, id, self.limits.patience).await?;
        Ok(found.unwrap_or_default())
    }
}
