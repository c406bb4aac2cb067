//! Do field sets keep the laws of sets, and do paths and sets survive being written and read?

use fields::{FieldPath, FieldSet, PathElement};
use proptest::prelude::*;
use serde_json::{Value, json};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        "[a-z0-9./<&\"\\\\=\\[\\],-]{0,6}".prop_map(Value::from),
        Just(Value::Null),
        Just(json!(1.5)),
        Just(json!([1, "]"])),
    ]
}

fn element() -> impl Strategy<Value = PathElement> {
    prop_oneof![
        4 => "[a-c]".prop_map(PathElement::field),
        1 => "\\PC{0,8}".prop_map(PathElement::field),
        1 => "[a-z0-9./\"\\[\\]=, -]{0,8}".prop_map(PathElement::field),
        2 => prop::collection::btree_map("[a-z]{1,3}", scalar(), 1..3).prop_map(PathElement::key),
        1 => scalar().prop_map(|value| PathElement::key([("name", value)])),
        1 => scalar().prop_map(PathElement::Value),
        1 => (0_usize..20).prop_map(PathElement::Index),
    ]
}

fn path() -> impl Strategy<Value = FieldPath> {
    prop::collection::vec(element(), 1..5).prop_map(FieldPath::from)
}

fn small_path() -> impl Strategy<Value = FieldPath> {
    prop::collection::vec("[ab]".prop_map(PathElement::field), 1..4).prop_map(FieldPath::from)
}

fn set() -> impl Strategy<Value = FieldSet> {
    prop_oneof![
        prop::collection::vec(path(), 0..8).prop_map(FieldSet::from_iter),
        prop::collection::vec(small_path(), 0..8).prop_map(FieldSet::from_iter),
    ]
}

proptest! {
    #[test]
    fn a_path_reads_back_from_its_short_form(path in path()) {
        prop_assert_eq!(path.short().to_string().parse(), Ok(path));
    }

    #[test]
    fn a_path_survives_json(path in path()) {
        let text = serde_json::to_string(&path).unwrap();
        prop_assert_eq!(serde_json::from_str::<FieldPath>(&text).unwrap(), path);
    }

    #[test]
    fn no_text_makes_the_path_reader_panic(text in "\\PC{0,20}") {
        let _ = text.parse::<FieldPath>();
    }

    #[test]
    fn a_set_reads_back_from_fields_v1(set in set()) {
        prop_assert_eq!(FieldSet::from_fields_v1(&set.to_fields_v1()), Ok(set.clone()));
        let text: Value = serde_json::from_str(&set.to_fields_v1_text()).unwrap();
        prop_assert_eq!(FieldSet::from_fields_v1(&text), Ok(set));
    }

    #[test]
    fn a_set_holds_exactly_its_paths(set in set(), other in path()) {
        let paths = set.paths();
        prop_assert_eq!(paths.len(), set.len());
        prop_assert_eq!(set.contains(&other), paths.contains(&other));
        prop_assert!(paths.is_sorted());
        prop_assert_eq!(FieldSet::from_iter(paths), set);
    }

    #[test]
    fn union_and_intersection_do_not_care_about_order(a in set(), b in set()) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
    }

    #[test]
    fn union_and_intersection_distribute(a in set(), b in set(), c in set()) {
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(a.intersection(&b.union(&c)), a.intersection(&b).union(&a.intersection(&c)));
    }

    #[test]
    fn difference_and_intersection_split_a_set(a in set(), b in set()) {
        let (rest, shared) = (a.difference(&b), a.intersection(&b));
        prop_assert!(rest.intersection(&shared).is_empty());
        prop_assert!(shared.is_subset(&a) && shared.is_subset(&b));
        prop_assert_eq!(rest.union(&shared), a);
    }

    #[test]
    fn recursive_difference_leaves_nothing_at_or_below_what_it_takes(a in set(), b in set()) {
        let rest = a.recursive_difference(&b);
        for path in &a {
            let taken = b.paths().iter().any(|other| path.starts_with(other));
            prop_assert_eq!(rest.contains(&path), !taken);
        }
        prop_assert!(rest.is_subset(&a.difference(&b)));
    }

    #[test]
    fn leaves_have_nothing_below_them(set in set()) {
        let leaves = set.leaves();
        for path in &set {
            prop_assert_eq!(leaves.contains(&path), set.below(&path).is_none());
        }
    }

    #[test]
    fn a_set_touches_what_is_above_and_below_its_paths(set in set(), path in small_path()) {
        let expected = set.paths().iter().any(|own| own.starts_with(&path) || path.starts_with(own));
        prop_assert_eq!(set.touches(&path), expected);
    }
}
