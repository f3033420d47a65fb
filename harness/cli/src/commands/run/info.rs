//! What a log has to know of the cases that are played.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tcpspec_casefile::{Step, Suite, Variant};
use tcpspec_record::{CaseInfo, Requirement, RequirementId, StepInfo};

/// The requirements that the variants cite, in the order of their ids.
pub(in crate::commands) fn cited(suite: &Suite, variants: &[Arc<Variant>]) -> Vec<Requirement> {
    let of_steps = variants
        .iter()
        .flat_map(|variant| &variant.steps)
        .filter_map(|step| step.claim.as_ref());
    let of_cases = variants.iter().flat_map(|variant| &variant.claims);
    let ids: BTreeSet<&RequirementId> = of_cases.chain(of_steps).collect();
    ids.into_iter()
        .filter_map(|id| suite.catalogue.get(id))
        .cloned()
        .collect()
}

/// What a report has to know of a variant. Files are named from the directory
/// of the cases on, so that equal runs leave equal logs wherever they are made.
pub(in crate::commands) fn case_info(variant: &Variant, dir: &Path) -> CaseInfo {
    CaseInfo {
        id: variant.case.clone(),
        variant: variant.name.clone(),
        title: variant.title.clone(),
        purpose: variant.purpose.trim().to_owned(),
        level: variant.level,
        claims: variant.claims.clone(),
        steps: variant
            .steps
            .iter()
            .map(|step| StepInfo {
                text: step.text.clone(),
                place: place(step, dir),
                from: step.from.clone(),
                prelude: step.prelude,
                why: step.why.clone(),
                claim: step.claim.clone(),
            })
            .collect(),
        disputed: variant.disputed.clone(),
    }
}

fn place(step: &Step, dir: &Path) -> String {
    let file = Path::new(&*step.place.file);
    let file = file.strip_prefix(dir).unwrap_or(file);
    format!("{}:{}", file.display(), step.place.line)
}
