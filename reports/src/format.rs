//! The outputs that are one text each, by the names that a command line
//! gives them.

use std::fmt;
use std::str::FromStr;

use crate::{Report, badge, html, json, junit, markdown, sarif, tap};

/// An output that is one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// One offline page.
    Html,
    /// JUnit XML.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// A summary in Markdown.
    Markdown,
    /// SARIF 2.1.0.
    Sarif,
    /// JSON by a schema of ours.
    Json,
    /// An SVG badge.
    Badge,
}

/// An output could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The XML writer's complaint.
    #[error("cannot make JUnit XML")]
    Junit(#[from] quick_junit::SerializeError),
    /// The JSON writer's complaint.
    #[error("cannot make JSON")]
    Json(#[from] serde_json::Error),
}

/// The text names no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format `{name}`; there are {}", Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat {
    name: String,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Html,
        Self::Junit,
        Self::Tap,
        Self::Markdown,
        Self::Sarif,
        Self::Json,
        Self::Badge,
    ];

    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Tap => "tap",
            Self::Markdown => "md",
            Self::Sarif => "sarif",
            Self::Json => "json",
            Self::Badge => "badge",
        }
    }

    /// The file it is written to.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::Tap => "report.tap",
            Self::Markdown => "report.md",
            Self::Sarif => "report.sarif",
            Self::Json => "report.json",
            Self::Badge => "badge.svg",
        }
    }

    /// Makes the output.
    ///
    /// # Errors
    ///
    /// [`RenderError`].
    pub fn render(self, report: &Report<'_>) -> Result<String, RenderError> {
        Ok(match self {
            Self::Html => html::render(report),
            Self::Junit => junit::render(report)?,
            Self::Tap => tap::render(report),
            Self::Markdown => markdown::render(report),
            Self::Sarif => sarif::render(report)?,
            Self::Json => json::render(report)?,
            Self::Badge => badge::render(report),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let mut all = Self::ALL.into_iter();
        let unknown = || UnknownFormat {
            name: text.to_owned(),
        };
        all.find(|format| format.name() == text).ok_or_else(unknown)
    }
}
