//! In which form does the caller want the answer?

mod columns;
mod table;

use serde_json::{Value, json};

use crate::registry::Resource;
use crate::status::Refusal;
pub(crate) use table::IncludeObject;

/// The shape of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// As it is stored.
    Whole,
    /// A `Table` with the columns that `kubectl get` shows.
    Table,
    /// `PartialObjectMetadata`, of one object or of each in a list.
    Metadata,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Yaml,
}

/// What was agreed on from the `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Representation {
    shape: Shape,
    pub(crate) encoding: Encoding,
}

/// What the answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// One object, or a watch of them.
    Object,
    /// A collection.
    List,
}

impl Representation {
    /// Reads an `Accept` header; an empty one wants JSON.
    pub(crate) fn negotiate(accept: &str, about: About) -> Result<Self, Refusal> {
        if accept.trim().is_empty() {
            return Ok(Self {
                shape: Shape::Whole,
                encoding: Encoding::Json,
            });
        }
        accept
            .split(',')
            .find_map(|media_range| Self::of(media_range, about))
            .ok_or_else(|| {
                Refusal::new(
                    406,
                    "NotAcceptable",
                    "406: Not Acceptable\n\nAvailable representations: application/json, \
                 application/yaml, application/vnd.kubernetes.protobuf",
                )
                .with_details(serde_json::Map::new())
            })
    }

    fn of(media_range: &str, about: About) -> Option<Self> {
        let mut parts = media_range.split(';').map(str::trim);
        let encoding = match parts.next()? {
            "application/json" | "*/*" => Encoding::Json,
            "application/yaml" => Encoding::Yaml,
            _ => return None,
        };
        let parameters: Vec<(&str, &str)> = parts
            .filter_map(|parameter| parameter.split_once('='))
            .collect();
        let parameter = |name| {
            parameters
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        let shape = match (parameter("as"), about) {
            (None, _) => Shape::Whole,
            (Some("Table"), _) => Shape::Table,
            (Some("PartialObjectMetadata"), About::Object)
            | (Some("PartialObjectMetadataList"), About::List) => Shape::Metadata,
            _ => return None,
        };
        let is_meta = parameter("g") == Some("meta.k8s.io")
            && parameter("v").is_some_and(|version| matches!(version, "v1" | "v1beta1"));
        (shape == Shape::Whole || is_meta).then_some(Self { shape, encoding })
    }

    pub(crate) fn is_table(self) -> bool {
        self.shape == Shape::Table
    }

    /// One object in this form.
    pub(crate) fn object(
        self,
        resource: &Resource,
        object: Value,
        include: IncludeObject,
    ) -> Value {
        match self.shape {
            Shape::Whole => object,
            Shape::Metadata => metadata_only(&object),
            Shape::Table => table::of_object(resource, &object, include),
        }
    }

    /// A list in this form; `list` is complete but for the kinds of its items.
    pub(crate) fn list(
        self,
        resource: &Resource,
        mut list: Value,
        include: IncludeObject,
    ) -> Value {
        match self.shape {
            Shape::Whole => list,
            Shape::Metadata => {
                list["kind"] = json!("PartialObjectMetadataList");
                list["apiVersion"] = json!("meta.k8s.io/v1");
                for item in list["items"].as_array_mut().into_iter().flatten() {
                    *item = metadata_only(item);
                }
                list
            }
            Shape::Table => table::of_list(resource, &list, include),
        }
    }
}

/// An object without anything but its metadata.
pub(crate) fn metadata_only(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

#[cfg(test)]
mod tests {
    use super::{About, Representation};

    #[test]
    fn what_is_acceptable_depends_on_what_is_asked() {
        let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
        let partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let cases = [
            ("", About::Object, true),
            ("*/*", About::Object, true),
            ("text/html, application/json;q=0.8", About::Object, true),
            ("application/*", About::Object, false),
            ("application/xml", About::List, false),
            (table, About::List, true),
            (partial, About::Object, true),
            (partial, About::List, false),
            (
                "application/vnd.kubernetes.protobuf,application/json",
                About::List,
                true,
            ),
        ];
        for (accept, about, acceptable) in cases {
            let negotiated = Representation::negotiate(accept, about);
            assert_eq!(negotiated.is_ok(), acceptable, "{accept}");
        }
    }
}
