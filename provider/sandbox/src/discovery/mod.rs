//! What does the server say about itself?

mod aggregated;
mod legacy;
mod openapi;

use serde_json::{Value, json};

use crate::answer::{Answer, Content};
use crate::registry::Registry;
use crate::route::Route;
use crate::status::Refusal;

/// The version that the sandbox follows.
const MINOR: &str = "36";

/// Answers a document, or nothing where the route is none.
pub(crate) fn answer(registry: &Registry, route: &Route, accept: &str) -> Result<Answer, Refusal> {
    let document = match route {
        Route::CoreVersions | Route::Groups if aggregated::is_wanted(accept) => {
            let core = *route == Route::CoreVersions;
            let content =
                Content::Json(aggregated::MEDIA_TYPE, aggregated::document(registry, core));
            return Ok(Answer {
                status: 200,
                content,
                warnings: Vec::new(),
            });
        }
        Route::CoreVersions => legacy::core_versions(),
        Route::Groups => legacy::groups(registry),
        Route::Group(group) if !registry.serves_group(group) => return Ok(not_found()),
        Route::Resources(version) if !registry.serves_group(&version.group) => {
            return Ok(not_found());
        }
        Route::Group(group) => {
            legacy::group(registry, group).ok_or_else(Refusal::no_such_resource)?
        }
        Route::Resources(version) => {
            legacy::resources(registry, version).ok_or_else(Refusal::no_such_resource)?
        }
        // The index says of itself that it is plain text.
        Route::OpenApiIndex => {
            let content = Content::Json("text/plain; charset=utf-8", openapi::index(registry));
            return Ok(Answer {
                status: 200,
                content,
                warnings: Vec::new(),
            });
        }
        Route::OpenApi(path) => match openapi::find(registry, path) {
            Some(document) => document,
            None => return Ok(not_found()),
        },
        Route::Version => version(),
        Route::Health => return Ok(Answer::text(200, "ok")),
        _ => return Ok(not_found()),
    };
    Ok(Answer::json(200, document))
}

/// What the server says where it serves nothing.
pub(crate) fn not_found() -> Answer {
    Answer::text(404, "404 page not found\n")
}

fn version() -> Value {
    json!({
        "major": "1", "minor": MINOR, "emulationMajor": "1", "emulationMinor": MINOR,
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
        "gitVersion": format!("v1.{MINOR}.0+sandbox"), "gitCommit": "", "gitTreeState": "",
        "buildDate": "", "goVersion": "", "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}
