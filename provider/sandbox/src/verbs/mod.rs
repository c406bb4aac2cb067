//! Who answers which request?

mod admit;
mod body;
mod call;
mod create;
mod delete;
mod list;
mod operations;
mod options;
mod owners;
mod patch;
mod put;
mod read;
mod reviews;
mod scale;
mod subresource;
mod token;
mod watch;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::answer::{Answer, Content};
use crate::discovery;
use crate::registry::{Origin, Resource};
use crate::route::{Route, Target};
use crate::sandbox::Shared;
use crate::status::Refusal;
use crate::world::World;
use call::Call;

/// A request whose body has arrived.
pub(crate) type Request = http::Request<Bytes>;

/// Answers a request, or says why not.
pub(crate) fn answer(shared: &Arc<Shared>, request: &Request) -> Result<Answer, Refusal> {
    match Route::parse(request.uri().path()) {
        Route::Resource(target) => resource(shared, request, target),
        Route::Nowhere => Ok(discovery::not_found()),
        route => document(shared, request, &route),
    }
}

fn document(shared: &Arc<Shared>, request: &Request, route: &Route) -> Result<Answer, Refusal> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::method_not_allowed());
    }
    let accept = call::header(request, &http::header::ACCEPT);
    let mut world = shared.world();
    world.read(|world| discovery::answer(&world.registry, route, accept))
}

fn resource(shared: &Arc<Shared>, request: &Request, target: Target) -> Result<Answer, Refusal> {
    let mut world = shared.world();
    if world.read(|world| Ok(!world.registry.serves_group(&target.group_version.group)))? {
        return Ok(discovery::not_found());
    }
    let call = world.read(|world| call(world, request, target))?;
    let verb = verb(&call)?;
    let answer = match verb {
        Verb::Get | Verb::List | Verb::Review => world.read(|world| perform(world, &call, verb)),
        Verb::Watch => world.read(|world| watch::watch(shared, world, &call)),
        _ => world.write(|world| perform(world, &call, verb)),
    };
    Ok(answer.unwrap_or_else(Answer::from).warn(call.warnings()))
}

/// Answers a request from inside the control plane, as a part of a write that is under way.
pub(crate) fn within(world: &mut World, request: &Request) -> Result<Value, Refusal> {
    let Route::Resource(target) = Route::parse(request.uri().path()) else {
        return Err(Refusal::no_such_resource());
    };
    let call = call(world, request, target)?;
    let verb = verb(&call)?;
    Ok(match perform(world, &call, verb)?.content {
        Content::Json(_, value) | Content::Yaml(value) => value,
        Content::Text(..) | Content::Stream(_) => Value::Null,
    })
}

fn call<'a>(world: &World, request: &'a Request, target: Target) -> Result<Call<'a>, Refusal> {
    let resource = world.registry.get(&target.group_version, &target.plural);
    let resource = resource.cloned().ok_or_else(Refusal::no_such_resource)?;
    check_scope(&resource, &target)?;
    Call::new(request, resource, target)
}

fn perform(world: &mut World, call: &Call<'_>, verb: Verb) -> Result<Answer, Refusal> {
    options::check(call)?;
    match verb {
        Verb::Get => read::get(world, call),
        Verb::List => list::list(world, call),
        Verb::Watch => Err(Refusal::method_not_allowed()),
        Verb::Review => reviews::review(call),
        Verb::Create => create::create(world, call),
        Verb::Put => put::put(world, call),
        Verb::Patch => patch::patch(world, call),
        Verb::Delete => delete::delete(world, call),
        Verb::DeleteCollection => delete::delete_collection(world, call),
        Verb::Subresource => subresource::subresource(world, call),
    }
}

fn check_scope(resource: &Resource, target: &Target) -> Result<(), Refusal> {
    let fits = match (&target.namespace, resource.is_namespaced()) {
        (Some(_), namespaced) => namespaced,
        // All namespaces can be listed at once; a single object is always in one.
        (None, namespaced) => !namespaced || target.name.is_none(),
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::no_such_resource())
    }
}

/// What is asked of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    List,
    Watch,
    Create,
    Review,
    Put,
    Patch,
    Delete,
    DeleteCollection,
    /// One of the subresources that is neither `status` nor `scale`.
    Subresource,
}

impl Verb {
    /// As discovery and RBAC spell it.
    fn name(self, method: &Method) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create | Self::Review => "create",
            Self::Put => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Subresource => match method.as_str() {
                "GET" => "get",
                "PUT" => "update",
                "PATCH" => "patch",
                "DELETE" => "delete",
                _ => "create",
            },
        }
    }
}

fn verb(call: &Call<'_>) -> Result<Verb, Refusal> {
    let named = call.target.name.is_some();
    let verb = match (call.method.as_str(), named) {
        ("GET" | "HEAD", true) => Verb::Get,
        ("GET" | "HEAD", false) if call.query.flag("watch") => Verb::Watch,
        ("GET" | "HEAD", false) => Verb::List,
        ("POST", false) if call.resource.origin == Origin::Virtual => Verb::Review,
        ("POST", false) => Verb::Create,
        ("POST", true) if call.target.subresource.is_some() => Verb::Subresource,
        ("PUT", true) => Verb::Put,
        ("PATCH", true) => Verb::Patch,
        ("DELETE", true) => Verb::Delete,
        ("DELETE", false) => Verb::DeleteCollection,
        _ => return Err(Refusal::method_not_allowed()),
    };
    let Some(name) = call.target.subresource.as_deref() else {
        let allowed = call.resource.verbs.contains(&verb.name(call.method));
        return if allowed {
            Ok(verb)
        } else {
            Err(Refusal::method_not_allowed())
        };
    };
    let subresource = call
        .resource
        .subresource(name)
        .ok_or_else(Refusal::no_such_resource)?;
    if !subresource.verbs.contains(&verb.name(call.method)) {
        return Err(Refusal::method_not_allowed());
    }
    Ok(if matches!(name, "status" | "scale") {
        verb
    } else {
        Verb::Subresource
    })
}
