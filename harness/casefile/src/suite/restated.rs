//! `requirements/restated.yaml`: requirements that others state again, so that
//! what decides the others decides them. Whether the meaning is the same is
//! left to who writes the file; that the others bind no less is checked.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::RequirementId;

use crate::catalogue::Catalogue;
use crate::check::Library;
use crate::diagnostic::{Code, Fault, Sink};
use crate::raw::Entries;

/// By requirement, those that state it again. Complains of requirements that
/// there are not, and of those that cannot stand for another.
pub(super) fn read(
    library: &Library,
    untested: &BTreeMap<RequirementId, String>,
    sink: &Sink,
) -> BTreeMap<RequirementId, Vec<RequirementId>> {
    let mut restated = BTreeMap::new();
    let Some(file) = &library.restated else {
        return restated;
    };
    let id = |text| RequirementId(file.document.text(text).to_owned());
    let entries = file.raw.as_ref().map_or(&[][..], |Entries(all)| all);
    let rules = Rules {
        catalogue: &library.catalogue,
        untested,
        restated: entries.iter().map(|(key, _)| id(key.0)).collect(),
    };
    for (key, by) in entries {
        let before = sink.len();
        let old = id(key.0);
        let complain = |node, fault| file.document.complain_at(node, fault, sink);
        rules.check_old(&old).unwrap_or_else(|f| complain(key.0, f));
        let mut ids = Vec::new();
        for text in by.as_slice() {
            let new = id(text.0);
            let checked = rules.check_new(&old, &new);
            checked.unwrap_or_else(|fault| complain(text.0, fault));
            ids.push(new);
        }
        if sink.len() == before {
            restated.insert(old, ids);
        }
    }
    restated
}

/// What holds for every entry.
struct Rules<'a> {
    catalogue: &'a Catalogue,
    untested: &'a BTreeMap<RequirementId, String>,
    /// All that the file says to be restated.
    restated: BTreeSet<RequirementId>,
}

impl Rules<'_> {
    /// What is restated has no other excuse.
    fn check_old(&self, old: &RequirementId) -> Result<(), Fault> {
        self.catalogue.find(old)?;
        if self.untested.contains_key(old) {
            let message = format!("`{old}` is said to be untested, too");
            return Err(fault(message, "take it out of one of the files"));
        }
        Ok(())
    }

    /// What restates binds as much, and speaks for itself.
    fn check_new(&self, old: &RequirementId, new: &RequirementId) -> Result<(), Fault> {
        let by = self.catalogue.find(new)?;
        if self.restated.contains(new) {
            let message = format!("`{new}` is restated itself");
            return Err(fault(message, "name what states that one again"));
        }
        let Some(of) = self.catalogue.get(old) else {
            return Ok(());
        };
        let (less, more) = (self.catalogue.binds_as(by), self.catalogue.binds_as(of));
        if less.strength() < more.strength() {
            let message = format!("`{new}` ({less}) binds less than `{old}` ({more})");
            return Err(fault(message, "it cannot stand for it"));
        }
        Ok(())
    }
}

fn fault(message: String, help: &str) -> Fault {
    Fault::new(Code::Restated, 0..0, message).help(help)
}
