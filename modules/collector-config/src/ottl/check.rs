//! Does everything exist that a text in OTTL names?

use super::{
    Context, Error, Problem, functions,
    parser::{self, Name},
    paths::{Shape, of_request},
};
use crate::nearest::nearest;

/// Checks a condition about one of several contexts.
///
/// # Errors
/// All that is wrong with it.
pub fn check_condition(text: &str, contexts: &[Context]) -> Result<(), Vec<Error>> {
    let names = parser::condition(text).map_err(|error| vec![error])?;
    check(&names, contexts)
}

/// Checks a statement about one of several contexts.
///
/// # Errors
/// All that is wrong with it.
pub fn check_statement(text: &str, contexts: &[Context]) -> Result<(), Vec<Error>> {
    let names = parser::statement(text).map_err(|error| vec![error])?;
    check(&names, contexts)
}

fn check(names: &[Name<'_>], contexts: &[Context]) -> Result<(), Vec<Error>> {
    let wrong = |name: &Name<'_>| match name {
        Name::Path { at, segments, key } => found(*at, path(segments, *key, contexts)),
        Name::Function { at, function } => found(*at, known(function, contexts).err()),
        Name::Symbol { at, symbol } => found(*at, self::symbol(symbol, contexts)),
        Name::Call {
            at,
            function,
            arguments,
            named,
        } => call(*at, function, *arguments, named, contexts),
    };
    let errors: Vec<Error> = names.iter().flat_map(wrong).collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn found(at: usize, problem: Option<Problem>) -> Vec<Error> {
    problem
        .map(|problem| Error { at, problem })
        .into_iter()
        .collect()
}

fn known(name: &str, contexts: &[Context]) -> Result<functions::Function, Problem> {
    let all = || functions::known(contexts);
    all().find(|function| function.name == name).ok_or_else(|| {
        let near = nearest(name, all().map(|function| function.name));
        Problem::Function {
            name: name.to_owned(),
            near: near.map(str::to_owned),
        }
    })
}

fn call(
    at: usize,
    name: &str,
    given: usize,
    named: &[(usize, &str)],
    contexts: &[Context],
) -> Vec<Error> {
    let function = match known(name, contexts) {
        Ok(function) => function,
        Err(problem) => return found(at, Some(problem)),
    };
    let mut errors = Vec::new();
    let takes = function.arity();
    if given < takes.0 || given > takes.1 {
        let problem = Problem::Arguments {
            function: function.name,
            takes,
            given,
        };
        errors.push(Error { at, problem });
    }
    for (at, argument) in named {
        if !function.arguments().any(|known| same_name(known, argument)) {
            let near = nearest(argument, function.arguments());
            let problem = Problem::Argument {
                function: function.name,
                name: (*argument).to_owned(),
                near: near.map(str::to_owned),
            };
            errors.push(Error { at: *at, problem });
        }
    }
    errors
}

/// `replacement_format` may be written `replacementFormat`.
fn same_name(known: &str, given: &str) -> bool {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    plain(known) == plain(given)
}

/// Every context that a path may name where a text is about one of `contexts`.
fn reachable(contexts: &[Context]) -> impl Iterator<Item = Context> + '_ {
    contexts
        .iter()
        .flat_map(|context| context.around())
        .copied()
}

fn path(segments: &[&str], key: bool, contexts: &[Context]) -> Option<Problem> {
    let (first, rest) = segments.split_first()?;
    if *first == "otelcol" {
        return lookup(segments, &rest.join("."), key, of_request());
    }
    // A word such as `metric` or `scope` is a context where more follows it, and so are all that may be named.
    if let Some(context) = Context::named(first).filter(|_| !rest.is_empty()) {
        if reachable(contexts).any(|other| other == context) {
            return lookup(segments, &rest.join("."), key, context.paths());
        }
        let near = None;
        let name = segments.join(".");
        return Some(Problem::Path { name, near });
    }
    match contexts {
        [context] => lookup(segments, &segments.join("."), key, context.paths()),
        _ => Some(Problem::NoContext(segments.join("."))),
    }
}

fn lookup(
    segments: &[&str],
    path: &str,
    key: bool,
    known: impl Iterator<Item = (&'static str, Shape)>,
) -> Option<Problem> {
    let known: Vec<_> = known.collect();
    match known.iter().find(|(name, _)| *name == path) {
        Some((_, Shape::Indexed)) => None,
        Some((_, Shape::Whole)) => key.then(|| Problem::Key(segments.join("."))),
        None => {
            let near = nearest(path, known.iter().map(|(name, _)| *name));
            let prefix = segments.join(".");
            let prefix = prefix.strip_suffix(path).unwrap_or_default();
            Some(Problem::Path {
                name: segments.join("."),
                near: near.map(|near| format!("{prefix}{near}")),
            })
        }
    }
}

fn symbol(name: &str, contexts: &[Context]) -> Option<Problem> {
    // A function may be handed to another by its name alone, and some have names in capital letters.
    let known = contexts.iter().any(|context| context.knows_symbol(name))
        || functions::known(contexts).any(|function| function.name == name);
    (!known).then(|| {
        let symbols: Vec<String> = contexts.iter().flat_map(|c| c.symbols()).collect();
        Problem::Symbol {
            name: name.to_owned(),
            near: nearest(name, symbols.iter().map(String::as_str)).map(str::to_owned),
        }
    })
}
