//! Is everything accepted that the collector accepts, and said well what it refuses?

use super::*;

fn said(errors: Result<(), Vec<Error>>) -> String {
    let errors = errors.err().unwrap_or_default();
    let errors: Vec<String> = errors.iter().map(Error::to_string).collect();
    errors.join("; ")
}

const CONDITIONS: &[(Context, &str)] = &[
    (Context::Span, r#"attributes["http.route"] == "/health""#),
    (
        Context::Span,
        r#"span.attributes["a"]["b"][0] != nil and not IsRootSpan()"#,
    ),
    (
        Context::Span,
        r#"IsMatch(name, "^GET /(a|b)\\.") or kind == SPAN_KIND_SERVER"#,
    ),
    (Context::Span, r#"(end_time - start_time) > Duration("1s")"#),
    (
        Context::Span,
        r#"status.code == STATUS_CODE_ERROR and (true or resource.attributes["x"] == 1.5e3)"#,
    ),
    (Context::Span, r#"otelcol.client.metadata["tenant"] == "a""#),
    (
        Context::SpanEvent,
        r#"name == "exception" and span.name == "x""#,
    ),
    (
        Context::Metric,
        r#"type == METRIC_DATA_TYPE_SUM and HasAttrKeyOnDatapoint("a")"#,
    ),
    (
        Context::DataPoint,
        r#"metric.name == "x" and value_int >= -1"#,
    ),
    (
        Context::Log,
        r#"severity_number < SEVERITY_NUMBER_WARN2 and body["x"] == nil"#,
    ),
    (
        Context::Log,
        "trace_id == TraceID(0x0123456789abcdef0123456789abcdef)",
    ),
    (
        Context::Log,
        r#"Any(attributes["list"], (key, value) => value == "x" and key > 1)"#,
    ),
    (
        Context::Log,
        r#"Len(Split(body.string, ",")) > 2 * (3 + 1)"#,
    ),
    (Context::Resource, r#"attributes["service.name"] == "x""#),
    (
        Context::Scope,
        r#"scope.name == "x" and instrumentation_scope.version == "1""#,
    ),
];

const STATEMENTS: &[(Context, &str)] = &[
    (
        Context::Span,
        r#"set(attributes["a"], Concat([name, "x"], "-")) where name != """#,
    ),
    (
        Context::Log,
        r#"replace_pattern(body, "token=\\S+", "token=***")"#,
    ),
    (
        Context::Log,
        r#"replace_pattern(attributes["a"], "x", "$1", SHA256, replacement_format="<%s>")"#,
    ),
    (
        Context::Log,
        r#"replace_pattern(attributes["a"], "x", "$1", function=Concat)"#,
    ),
    (
        Context::Log,
        r#"merge_maps(cache, {"a": 1, "b": [1, "x", {"c": true}]}, "upsert")"#,
    ),
    (
        Context::Metric,
        r#"convert_sum_to_gauge() where name == "x""#,
    ),
    (Context::Log, "flatten(attributes, resolveConflicts=true)"),
    (Context::Resource, "route()"),
];

#[test]
fn what_people_write_is_accepted() {
    for (context, text) in CONDITIONS {
        assert_eq!(said(check_condition(text, &[*context])), "", "{text}");
    }
    for (context, text) in STATEMENTS {
        assert_eq!(said(check_statement(text, &[*context])), "", "{text}");
    }
}

const WRONG: &[(Context, &str, &str)] = &[
    (
        Context::Span,
        "",
        "at letter 1: the text ends, expected `(`, `false`, `not`, `true` or a value",
    ),
    (
        Context::Span,
        "name ==",
        "at letter 8: the text ends, expected `(` or a value",
    ),
    (
        Context::Span,
        r#"name = "x""#,
        "at letter 6: there is `=`, expected `.`, `[` or a comparison",
    ),
    (
        Context::Span,
        r#"name == "x"#,
        "at letter 9: a text in quotes does not end",
    ),
    (
        Context::Span,
        "name == 'x'",
        "at letter 9: `'` begins nothing",
    ),
    (
        Context::Span,
        r#"nmae_ == "x" and atributes["a"] == 1"#,
        "at letter 1: there is no path `nmae_` here; at letter 18: there is no path `atributes` here; did you mean `attributes`?",
    ),
    (
        Context::Span,
        r#"log.body == "x""#,
        "at letter 1: there is no path `log.body` here",
    ),
    (
        Context::Span,
        r#"resource.atributes["x"] == 1"#,
        "at letter 1: there is no path `resource.atributes` here; did you mean `resource.attributes`?",
    ),
    (
        Context::Span,
        r#"name["x"] == 1"#,
        "at letter 1: `name` is one value and has no keys",
    ),
    (
        Context::Span,
        "kind == SPAN_KIND_SERVR",
        "at letter 9: there is no symbol `SPAN_KIND_SERVR` here; did you mean `SPAN_KIND_SERVER`?",
    ),
    (
        Context::Log,
        "kind == SPAN_KIND_SERVER",
        "at letter 1: there is no path `kind` here; at letter 9: there is no symbol `SPAN_KIND_SERVER` here",
    ),
    (
        Context::Log,
        "IsRootSpan()",
        "at letter 1: there is no function `IsRootSpan` here",
    ),
    (
        Context::Span,
        "IsMatch(name)",
        "at letter 1: `IsMatch` takes 2 arguments, and gets 1",
    ),
    (
        Context::Span,
        r#"IsMatch(name, patern="x")"#,
        "at letter 15: `IsMatch` has no argument `patern`; did you mean `pattern`?",
    ),
    (
        Context::Span,
        "name == lower(name)",
        "at letter 9: there is `lower`, expected `(` or a function whose name begins with a capital letter",
    ),
    (
        Context::Span,
        r#"name == "a" name"#,
        "at letter 13: there is `name`, expected `and`, `or` or the end",
    ),
    (
        Context::Span,
        r#"(name == "a""#,
        "at letter 13: the text ends, expected `)`, `and` or `or`",
    ),
];

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_was_expected() {
    for (context, text, error) in WRONG {
        assert_eq!(said(check_condition(text, &[*context])), *error, "{text}");
    }
    for (text, error) in [
        (
            r#"Set(name, "x")"#,
            "at letter 1: there is `Set`, expected a function whose name begins with a small letter",
        ),
        (
            "set(name)",
            "at letter 1: `set` takes 2 arguments, and gets 1",
        ),
        (
            r#"flatten(attributes, "a", 1, true, 5)"#,
            "at letter 1: `flatten` takes 1 to 4 arguments, and gets 5",
        ),
        (
            r#"set(name, "x") were true"#,
            "at letter 16: there is `were`, expected `where` or the end",
        ),
    ] {
        assert_eq!(
            said(check_statement(text, &[Context::Span])),
            error,
            "{text}"
        );
    }
}

#[test]
fn where_several_contexts_are_possible_a_path_says_which() {
    assert!(
        Condition::<InTraces>::new(r#"span.name == "x" and resource.attributes["a"] == nil"#)
            .is_ok()
    );
    let wrong = Condition::<InTraces>::new(r#"name == "x""#).unwrap_err();
    assert_eq!(
        wrong[0].to_string(),
        "at letter 1: `name` has to say whose it is, such as `span.name`"
    );
}

#[test]
fn a_text_is_checked_when_it_is_read() {
    let read: Result<Condition<Span>, _> = serde_json::from_str(r#""name == 1""#);
    assert_eq!(read.unwrap().as_str(), "name == 1");
    let wrong: Result<Statement<Span>, _> = serde_json::from_str(r#""set(name)""#);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "the statement `set(name)`: at letter 1: `set` takes 2 arguments, and gets 1"
    );
}

#[test]
fn no_text_is_too_strange() {
    let deep = format!("{}1 == 1", "(".repeat(5000));
    let lists = format!("name == {}", "[".repeat(5000));
    for text in [
        deep.as_str(),
        lists.as_str(),
        "ä == ö",
        "\"\\",
        "0x",
        ".",
        "1.e",
        "a.",
        "()=>",
        "{",
        "-",
    ] {
        assert!(
            check_condition(text, &[Context::Span]).is_err(),
            "{}",
            &text[..text.len().min(20)]
        );
    }
}
