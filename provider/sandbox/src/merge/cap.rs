//! At most ten updaters have entries of their own; the oldest share one.

use std::collections::BTreeMap;

use super::managers::{Manager, Managers, Operation};

const MOST_UPDATERS: usize = 10;
const ANCIENT: &str = "ancient-changes";

/// Folds the entries of the oldest updaters together until there are few enough.
pub(super) fn cap(mut managers: Managers) -> Managers {
    let mut updaters: Vec<_> = managers
        .0
        .iter()
        .filter(|(manager, _)| manager.operation() == Operation::Update)
        .map(|(manager, owned)| (owned.time.clone(), manager.clone()))
        .collect();
    updaters.sort();
    let mut count = updaters.len();
    let mut first_in_version: BTreeMap<String, Manager> = BTreeMap::new();
    for (_, manager) in updaters {
        if count <= MOST_UPDATERS {
            break;
        }
        let Some(version) = managers
            .0
            .get(&manager)
            .map(|owned| owned.api_version.clone())
        else {
            continue;
        };
        let Some(first) = first_in_version.get(&version) else {
            first_in_version.insert(version, manager);
            continue;
        };
        let bucket = Manager::updater(ANCIENT, None, &version);
        if !managers.0.contains_key(&bucket)
            && let Some(owned) = managers.0.remove(first)
        {
            managers.0.insert(bucket.clone(), owned);
        }
        if let Some(owned) = managers.0.remove(&manager) {
            managers.0.entry(bucket).and_modify(|ancient| {
                ancient.fields = ancient.fields.union(&owned.fields);
                // The younger of the two: this one was sorted behind the others.
                ancient.time.clone_from(&owned.time);
            });
        }
        count -= 1;
    }
    managers
}
