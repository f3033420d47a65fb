//! What a new connector begins with: one source file for each language, in which
//! the protocol is done and the verbs are empty, and what it takes to run cases on
//! it. The templates are files in `templates`, and nothing in them is filled in.

/// A language that a connector can begin in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, without any crate.
    Rust,
    /// C11 and its library.
    C,
    /// Python and its library.
    Python,
    /// Go and its library.
    Go,
    /// Zig and its library.
    Zig,
}

/// A connector to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Name of the source file.
    pub name: &'static str,
    source: &'static str,
    /// The command that builds it; none where nothing has to be built.
    pub build: Option<&'static str>,
    /// The command that starts it.
    pub start: &'static str,
    /// What CI has to set up for the language, as a step of a GitHub workflow.
    set_up: &'static str,
}

/// The protocol for C, as the toy stack includes it.
const V1: &str = include_str!("../../../stacks/toy/v1.h");
const CONFIG: &str = include_str!("../templates/tcpspec.toml");
const WORKFLOW: &str = include_str!("../templates/tcpspec.yml");

impl Language {
    /// What a connector in this language begins with.
    #[must_use]
    pub const fn template(self) -> Template {
        match self {
            Self::Rust => Template {
                name: "mystack.rs",
                source: include_str!("../templates/mystack.rs"),
                build: Some("rustc -O --edition 2021 -o mystack mystack.rs"),
                start: "./mystack",
                set_up: "",
            },
            Self::C => Template {
                name: "mystack.c",
                source: include_str!("../templates/mystack.c"),
                build: Some("cc -std=c11 -O2 -o mystack mystack.c"),
                start: "./mystack",
                set_up: "",
            },
            Self::Python => Template {
                name: "mystack.py",
                source: include_str!("../templates/mystack.py"),
                build: None,
                start: "python3 mystack.py",
                set_up: "",
            },
            Self::Go => Template {
                name: "mystack.go",
                source: include_str!("../templates/mystack.go"),
                build: Some("go build -o mystack mystack.go"),
                start: "./mystack",
                set_up: "      - uses: actions/setup-go@v5\n",
            },
            Self::Zig => Template {
                name: "mystack.zig",
                source: include_str!("../templates/mystack.zig"),
                build: Some("zig build-exe -lc mystack.zig"),
                start: "./mystack",
                set_up: "      - uses: mlugg/setup-zig@v2\n",
            },
        }
    }
}

impl Template {
    /// The source: one file, whatever the language.
    #[must_use]
    pub fn source(&self) -> String {
        self.source.replace("#include \"v1.h\"\n", V1)
    }

    /// The block for `tcpspec.toml`.
    #[must_use]
    pub fn config(&self) -> String {
        CONFIG.replace("./mystack", self.start)
    }

    /// The block for CI: a workflow of GitHub, whose commands serve anywhere.
    #[must_use]
    pub fn workflow(&self) -> String {
        let build = match self.build {
            Some(build) => format!("      - run: {build}\n"),
            None => String::new(),
        };
        WORKFLOW
            .replace("      - run: BUILD\n", &(self.set_up.to_owned() + &build))
            .replace("exec:./mystack", &format!("exec:{}", self.start))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::rust(Language::Rust)]
    #[case::c(Language::C)]
    #[case::python(Language::Python)]
    #[case::go(Language::Go)]
    #[case::zig(Language::Zig)]
    fn template_says_how_it_is_built_and_started(#[case] language: Language) {
        let template = language.template();
        let source = template.source();
        assert!(source.contains(template.build.unwrap_or_default()));
        assert!(source.contains(&format!("exec:{}", template.start)));
        assert!(!source.contains("#include \"v1.h\""));
        let (config, workflow) = (template.config(), template.workflow());
        assert!(config.contains(&format!("stack = \"exec:{}\"", template.start)));
        assert!(workflow.contains(&format!("connect check 'exec:{}'", template.start)));
        assert!(workflow.contains(template.build.unwrap_or_default()));
        assert!(!workflow.contains("BUILD"));
    }
}
