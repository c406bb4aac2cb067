//! How is text made that is no data? Strictly: what is not given is an error, and strings are quoted.
//!
//! For files that people read and that no type describes, such as rules whose expressions are the point. Never for
//! Kubernetes objects, and never without reading back what came out.

use serde::Serialize;
use tera::{Context, Delimiters, Tera, Value};
use thiserror::Error;

/// A template that could not be made into text.
#[derive(Debug, Error)]
#[error("could not make `{name}`")]
pub struct TemplateError {
    /// The file's name.
    pub name: String,
    /// Why not.
    pub source: tera::Error,
}

/// Makes a file from a template.
///
/// Variables stand in `<< … >>` and steps in `<% … %>`, so that `{{ $labels.instance }}` stays as it is. In files
/// that end with `.yaml` or `.json`, `<< text >>` is written as a quoted string, which no content can break out of;
/// lists and maps are written with `<< list | q >>`.
///
/// # Errors
/// When the template is none, or asks for something that was not given.
///
/// ```
/// let text = modules::template::render("a.yaml", "name: << name >>", &[("name", "a: b")].into_iter().collect::<std::collections::BTreeMap<_, _>>());
/// assert_eq!(text.unwrap(), r#"name: "a: b""#);
/// ```
pub fn render<T: Serialize>(
    name: &str,
    template: &str,
    values: &T,
) -> Result<String, TemplateError> {
    let wrong = |source| TemplateError {
        name: name.to_owned(),
        source,
    };
    let mut tera = Tera::default();
    tera.set_delimiters(Delimiters {
        variable_start: "<<".into(),
        variable_end: ">>".into(),
        block_start: "<%".into(),
        block_end: "%>".into(),
        comment_start: "<#".into(),
        comment_end: "#>".into(),
    })
    .map_err(wrong)?;
    tera.set_escape_fn(|text, out| serde_json::to_writer(out, text).map_err(std::io::Error::from));
    tera.autoescape_on(vec![".yaml", ".json"]);
    tera.register_filter("q", quoted);
    tera.add_raw_template(name, template).map_err(wrong)?;
    let context = Context::from_serialize(values).map_err(wrong)?;
    tera.render(name, &context).map_err(wrong)
}

/// Lists and maps as JSON, which is YAML too.
fn quoted(value: &Value, _: tera::Kwargs, _: &tera::State) -> tera::TeraResult<Value> {
    let text =
        serde_json::to_string(value).map_err(|error| tera::Error::message(error.to_string()))?;
    Ok(Value::safe_string(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_are_quoted_and_what_belongs_to_others_stays() {
        let values =
            json!({ "name": "a: \"b\" #c\n- x", "count": 3, "list": ["a", 1], "on": true });
        for (template, text) in [
            ("name: << name >>", r#"name: "a: \"b\" #c\n- x""#),
            ("count: << count >>", "count: 3"),
            ("list: << list | q >>", r#"list: ["a",1]"#),
            (
                "summary: '{{ $labels.instance }}'",
                "summary: '{{ $labels.instance }}'",
            ),
            ("<% if on %>yes<% endif %><# not this #>", "yes"),
        ] {
            assert_eq!(render("a.yaml", template, &values).unwrap(), text);
        }
    }

    #[test]
    fn what_is_not_given_is_an_error() {
        for template in [
            "<< nmae >>",
            "<< name.first >>",
            "<< name",
            "<< name | nothing >>",
        ] {
            let error = render("a.yaml", template, &json!({ "name": "x" })).unwrap_err();
            assert_eq!(error.to_string(), "could not make `a.yaml`", "{template}");
        }
    }
}
