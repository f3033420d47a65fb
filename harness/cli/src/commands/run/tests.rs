//! What a plan takes over from the baselines.

use rstest::rstest;
use tcpspec_casefile::{SourceFile, load_files};
use tcpspec_connector::StackUnderTest;
use tcpspec_connector::control::{Control, ControlStack};
use tcpspec_record::{CaseId, IpVersion, Isn, Verdict};

use super::*;
use crate::stacks::StackName;

const CATALOGUE: &str = include_str!("../../../../../cases/requirements/rfc9293.yaml");

const CASE: &str = "
title: t
purpose: p
level: must
claims: ['9293:MUST-13']
steps: [{peer: SYN}, {quiet: 1s}]
";

/// A plan of one trial.
fn planned(stack: &str, ip: IpVersion) -> Planned {
    let suite = load_files(&[
        SourceFile::new("requirements/rfc9293.yaml", CATALOGUE),
        SourceFile::new("a/b.yaml", CASE),
    ]);
    let variant = suite.variants().next().unwrap();
    let plan = Plan {
        id: TrialId {
            case: CaseId("a/b".to_owned()),
            variant: String::new(),
            stack: stack.to_owned(),
            ip,
            isn: Isn::Random,
            faults: String::new(),
            seed: 1,
        },
        variant: Arc::new(variant.clone()),
        hello: Arc::new(ControlStack::new(Control::Silent).hello().clone()),
        faults: None,
        even_late: None,
    };
    let job = Job {
        index: 0,
        stack: StackName::Linux(tcpspec_linux::Options::default()),
        greeting: None,
        plan,
        expected: None,
    };
    Planned {
        jobs: vec![job],
        skipped: BTreeMap::new(),
        in_order: BTreeSet::new(),
        valid: true,
        first_seed: 1,
    }
}

const OTHER: &str = r#"{"variant": "a/other", "verdict": "fail", "reason": "r"}"#;
const V4: &str = r#"{"variant": "a/b", "ip": "4", "verdict": "deviates", "reason": "r"}"#;
const V6: &str = r#"{"variant": "a/b", "ip": "6", "verdict": "deviates", "reason": "r"}"#;
const ANY: &str = r#"{"variant": "a/b", "verdict": "fail", "reason": "r"}"#;

/// The entries of the stack's baseline, and the verdict that is expected.
#[rstest]
#[case::none(&[], "linux", None)]
#[case::of_another_variant(&[OTHER], "linux", None)]
#[case::this(&[OTHER, ANY], "linux", Some(Verdict::Fail))]
#[case::of_this_world(&[V4], "linux", Some(Verdict::Deviates))]
#[case::of_another_world(&[V6], "linux", None)]
#[case::the_first_that_covers_it(&[V4, ANY], "linux", Some(Verdict::Deviates))]
#[case::of_another_stack(&[ANY], "linux:dual", None)]
fn a_plan_expects_what_the_baseline_knows(
    #[case] known: &[&str],
    #[case] stack: &str,
    #[case] expected: Option<Verdict>,
) {
    let text = format!(r#"{{"stack": "linux", "known": [{}]}}"#, known.join(", "));
    let baseline: Baseline = serde_json::from_str(&text).unwrap();
    let mut planned = planned(stack, IpVersion::V4);
    planned.expect(&BTreeMap::from([("linux".to_owned(), baseline)]));
    assert_eq!(planned.jobs[0].expected, expected);
}
