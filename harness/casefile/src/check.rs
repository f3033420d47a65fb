//! From what is written to a checked [`Case`]: axes are expanded, preludes and
//! fragments put in place, texts read, names looked up.

mod bounds;
mod expect;
mod fragments;
mod info;
mod numbering;
mod reach;
mod rules;
mod steps;
mod sweep;
mod words;

use std::collections::BTreeMap;

use tcpspec_record::CaseId;

use crate::case::{Case, PeerParams, Variant};
use crate::catalogue::Catalogue;
use crate::diagnostic::{Code, Fault, Sink};
use crate::document::Document;
use crate::grammar::read_integer;
use crate::matrix::{Choice, Matrix};
use crate::phrase::{Texts, Used};
use crate::raw::{
    CaseFile, Entries, EventsFile, Field, FragmentFile, Items, OneOrMany, Params, SweepFile, Text,
};

use crate::sweep::Sweep;

use numbering::numbering;
pub(crate) use rules::judges;
use steps::StepReader;
pub(crate) use words::LEVELS;

/// A file that has been read, but not understood.
#[derive(Debug)]
pub(crate) struct Parsed<T> {
    pub(crate) document: Document,
    /// `None` if the file is not even a map.
    pub(crate) raw: Option<T>,
    /// Whether reading brought no complaint.
    pub(crate) sound: bool,
}

/// All that cases refer to.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) catalogue: Catalogue,
    pub(crate) cases: BTreeMap<CaseId, Parsed<CaseFile>>,
    pub(crate) fragments: BTreeMap<String, Parsed<FragmentFile>>,
    /// The vocabulary of the sweeps.
    pub(crate) events: Option<Parsed<EventsFile>>,
    pub(crate) sweeps: BTreeMap<CaseId, Parsed<SweepFile>>,
    /// Requirements with the reason why no case decides them.
    pub(crate) untested: Option<Parsed<Entries<Text>>>,
    /// Requirements with those that state them again.
    pub(crate) restated: Option<Parsed<Entries<OneOrMany>>>,
}

/// How far a case has come.
enum Progress {
    UnderWay,
    Invalid,
    Valid(Case),
}

/// Checks cases, each of them once, preludes before those that build on them.
pub(crate) struct Checker<'a> {
    library: &'a Library,
    sink: &'a Sink,
    progress: BTreeMap<CaseId, Progress>,
}

impl<'a> Checker<'a> {
    pub(crate) const fn new(library: &'a Library, sink: &'a Sink) -> Self {
        Self {
            library,
            sink,
            progress: BTreeMap::new(),
        }
    }

    /// Checks every case of the library, sweeps included; the valid ones in
    /// the order of ids.
    pub(crate) fn check_all(mut self) -> (Vec<Case>, Vec<Sweep>) {
        for id in self.library.cases.keys() {
            self.check(id);
        }
        let (of_sweeps, sweeps): (Vec<Case>, Vec<Sweep>) = self.check_sweeps().into_iter().unzip();
        let valid = |(_, progress)| match progress {
            Progress::Valid(case) => Some(case),
            Progress::UnderWay | Progress::Invalid => None,
        };
        let cases = self.progress.into_iter().filter_map(valid);
        let mut cases: Vec<Case> = cases.chain(of_sweeps).collect();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        (cases, sweeps)
    }

    fn check(&mut self, id: &CaseId) {
        if self.progress.contains_key(id) {
            return;
        }
        self.progress.insert(id.clone(), Progress::UnderWay);
        let before = self.sink.len();
        let case = self.read_case(id);
        let sound = self.library.cases.get(id).is_some_and(|file| file.sound);
        let progress = match case {
            Some(case) if sound && self.sink.len() == before => Progress::Valid(case),
            _ => Progress::Invalid,
        };
        self.progress.insert(id.clone(), progress);
    }

    fn read_case(&mut self, id: &CaseId) -> Option<Case> {
        let library = self.library;
        let file = library.cases.get(id)?;
        let raw = file.raw.as_ref()?;
        let required = ["title", "purpose", "level", "claims", "steps"];
        require(&file.document, &required, self.sink);
        let used = Used::default();
        let choices = self.choices(file, raw);
        let variants = choices
            .iter()
            .map(|choice| self.variant(id, file, raw, choice, &used))
            .collect();
        if let Some(matrix) = self.matrix(file, raw).filter(|_| !choices.is_empty()) {
            matrix.check_used(&used);
        }
        let texts = Texts {
            document: &file.document,
            bindings: &[],
            used: &used,
            sink: self.sink,
        };
        Some(Case {
            id: id.clone(),
            tags: words::names(&raw.tags, texts),
            since: raw.since.get().map(|since| texts.text(*since)),
            variants,
        })
    }

    fn matrix(&self, file: &'a Parsed<CaseFile>, raw: &'a CaseFile) -> Option<Matrix<'a>> {
        raw.matrix.get().map(|axes| Matrix {
            document: &file.document,
            axes,
            sink: self.sink,
        })
    }

    fn choices(&self, file: &'a Parsed<CaseFile>, raw: &'a CaseFile) -> Vec<Choice> {
        let matrix = self.matrix(file, raw);
        matrix.map_or_else(|| vec![Choice::default()], |matrix| matrix.choices())
    }

    fn variant(
        &mut self,
        id: &CaseId,
        file: &Parsed<CaseFile>,
        raw: &CaseFile,
        choice: &Choice,
        used: &Used,
    ) -> Variant {
        let texts = Texts {
            document: &file.document,
            bindings: &choice.bindings,
            used,
            sink: self.sink,
        };
        let prelude = self.prelude(&raw.from, texts);
        let prelude = prelude.as_ref();
        let numbering = numbering(raw, prelude, texts);
        let mut reader = StepReader::new(self.library, prelude, numbering);
        if let Some(Items(steps)) = raw.steps.get() {
            reader.read_own(steps, file.sound, texts);
        }
        let text = |field: &Field<Text>| field.get().map(|text| texts.text(*text));
        let mut needs = words::needs(raw.needs.get().map(OneOrMany::as_slice), texts);
        needs.extend(words::needs(Some(&choice.needs), texts));
        needs.extend(reader.needs());
        let claims = raw.claims.get().map_or(&[][..], OneOrMany::as_slice);
        self.check_claims(file, raw);
        let claims = claims.iter().chain(&choice.claims);
        Variant {
            case: id.clone(),
            name: choice.name.clone(),
            title: text(&raw.title).unwrap_or_default(),
            purpose: text(&raw.purpose).unwrap_or_default().trim().to_owned(),
            level: words::level(choice.level.or_else(|| raw.level.get().copied()), texts),
            claims: words::requirements(claims, &self.library.catalogue, texts),
            needs,
            never: reader.patterns(&raw.never, texts),
            strict: words::switch(&raw.strict, texts),
            tolerates: words::faults(&raw.tolerates, texts),
            lenient: words::switch(&raw.lenient, texts),
            peer: params(&raw.params, prelude, texts),
            numbering,
            steps: reader.into_steps(),
            disputed: text(&raw.disputed),
        }
    }

    /// A case that decides nothing would not show in any report of coverage.
    fn check_claims(&self, file: &Parsed<CaseFile>, raw: &CaseFile) {
        let claims = raw.claims.get().map(OneOrMany::as_slice);
        let root = file.document.root();
        let key = root.and_then(|root| file.document.entry(root, "claims"));
        if let (Some([]), Some((key, _))) = (claims, key) {
            let fault = Fault::new(Code::Empty, 0..0, "a case decides at least one requirement")
                .help("cite it as cases/requirements does");
            file.document.complain_at(key, fault, self.sink);
        }
    }

    /// The variant that comes first.
    fn prelude(&mut self, from: &Field<Text>, texts: Texts<'_>) -> Option<Variant> {
        let from = texts.phrase(*from.get()?);
        let name = if from.text.contains('/') {
            from.text.clone()
        } else {
            format!("preludes/{}", from.text)
        };
        let whole = |code, message: String| Fault::new(code, 0..from.text.len(), message);
        let id = CaseId(name);
        let cases = &self.library.cases;
        if !cases.contains_key(&id) {
            let known = cases.keys().map(|id| id.0.as_str());
            let preludes = known.filter_map(|id| id.strip_prefix("preludes/"));
            let message = format!("there is no case `{id}`");
            let fault = whole(Code::UnknownPrelude, message).suggest(&from.text, preludes);
            texts.complain(&from, fault);
            return None;
        }
        self.check(&id);
        let fault = match self.progress.get(&id) {
            Some(Progress::Valid(case)) => match case.variants.as_slice() {
                [only] if only.name.is_empty() => return Some(only.clone()),
                _ => whole(Code::BadPrelude, format!("`{id}` has a matrix"))
                    .help("a prelude is a case of one variant"),
            },
            Some(Progress::UnderWay) => {
                whole(Code::Cycle, format!("`{id}` leads back to this case"))
            }
            Some(Progress::Invalid) | None => {
                whole(Code::BadPrelude, format!("`{id}` is not valid itself"))
                    .help("see what is said of that file")
            }
        };
        texts.complain(&from, fault);
        None
    }
}

/// Complains of keys that have to be there.
pub(crate) fn require(document: &Document, keys: &[&str], sink: &Sink) {
    let Some(root) = document.root() else {
        return;
    };
    for key in keys {
        if document.entry(root, key).is_none() {
            let fault = Fault::new(Code::MissingKey, 0..0, format!("`{key}` is missing"));
            document.complain_of_file(fault.help(format!("add `{key}:`")), sink);
        }
    }
}

fn params(own: &Field<Params>, prelude: Option<&Variant>, texts: Texts<'_>) -> PeerParams {
    let mut params = prelude.map_or_else(PeerParams::default, |prelude| prelude.peer.clone());
    let Some(own) = own.get() else {
        return params;
    };
    params.iss = number(&own.iss, texts).or(params.iss);
    params.mss = number(&own.mss, texts).or(params.mss);
    params.window = number(&own.win, texts).unwrap_or(params.window);
    params.window_scale = number(&own.ws, texts).or(params.window_scale);
    params.timestamp = number(&own.ts, texts).or(params.timestamp);
    if own.sack.get().is_some() {
        params.sack = words::switch(&own.sack, texts);
    }
    params.backlog = number(&own.backlog, texts).unwrap_or(params.backlog);
    params
}

/// A number of the type's range.
fn number<T: TryFrom<i64> + Bounded>(field: &Field<Text>, texts: Texts<'_>) -> Option<T> {
    let phrase = texts.phrase(*field.get()?);
    let number = read_integer(&phrase.text).and_then(|number| T::try_from(number).ok());
    if number.is_none() {
        let message = format!("`{}` is not a number from 0 to {}", phrase.text, T::MOST);
        let fault = Fault::new(Code::Number, 0..phrase.text.len(), message);
        texts.complain(
            &phrase,
            fault.help("write decimal digits, or `0x` and hexadecimal ones"),
        );
    }
    number
}

/// The largest value of a type.
trait Bounded {
    const MOST: i64;
}

impl Bounded for u8 {
    const MOST: i64 = Self::MAX as i64;
}

impl Bounded for u16 {
    const MOST: i64 = Self::MAX as i64;
}

impl Bounded for u32 {
    const MOST: i64 = Self::MAX as i64;
}
