//! `requirements/untested.yaml`: requirements that no case decides, each with
//! the reason.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::RequirementId;

use crate::case::{Case, Variant};
use crate::check::Library;
use crate::diagnostic::{Code, Fault, Sink};
use crate::raw::Entries;

/// The reasons by requirement. Complains of requirements that there are not,
/// that a case decides after all, and of reasons left out.
pub(super) fn read(
    library: &Library,
    cases: &[Case],
    sink: &Sink,
) -> BTreeMap<RequirementId, String> {
    let mut reasons = BTreeMap::new();
    let Some(file) = &library.untested else {
        return reasons;
    };
    let variants = cases.iter().flat_map(|case| &case.variants);
    let decided: BTreeSet<&RequirementId> = variants.flat_map(Variant::decides).collect();
    let entries = file.raw.as_ref().map_or(&[][..], |Entries(all)| all);
    for (key, value) in entries {
        let complain = |fault| file.document.complain_at(key.0, fault, sink);
        let id = RequirementId(file.document.text(key.0).to_owned());
        let reason = file.document.text(value.0).trim();
        if let Err(fault) = library.catalogue.find(&id) {
            complain(fault);
        } else if decided.contains(&id) {
            let message = format!("a case decides `{id}`");
            complain(Fault::new(Code::Tested, 0..0, message).help("take it out of this file"));
        } else if reason.is_empty() {
            let message = format!("there is no reason why `{id}` is untested");
            complain(Fault::new(Code::Empty, 0..0, message).help("say why no case can decide it"));
        } else {
            reasons.insert(id, reason.to_owned());
        }
    }
    reasons
}
