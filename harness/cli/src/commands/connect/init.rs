//! `tcpspec connect init`: a connector to begin with.

use std::fs;
use std::io::Write;
use std::path::Path;

use tcpspec_connect::Language;
use tcpspec_record::Exit;

use crate::args::{InitArgs, Lang};
use crate::failure::Failure;

pub(crate) fn run(args: &InitArgs) -> Result<Exit, Failure> {
    let template = language(args.lang).template();
    let files = [
        (template.name, template.source()),
        ("tcpspec.toml", template.config()),
        ("tcpspec.yml", template.workflow()),
    ]
    .map(|(name, text)| (args.dir.join(name), text));
    // All or none: half a set would have to be cleaned up by hand.
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        let path = path.display();
        return Err(Failure::usage(format!(
            "{path} is there already, and nothing was written; name another directory"
        )));
    }
    fs::create_dir_all(&args.dir).map_err(|error| Failure::file("make", &args.dir, error))?;
    for (path, text) in &files {
        write_new(path, text).map_err(|error| Failure::file("write", path, error))?;
        anstream::println!("{}", path.display());
    }
    anstream::println!("\nNext:");
    if args.dir != Path::new(".") {
        anstream::println!("  cd {}", args.dir.display());
    }
    if let Some(build) = template.build {
        anstream::println!("  {build}");
    }
    anstream::println!("  tcpspec connect check 'exec:{}'", template.start);
    Ok(Exit::Success)
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

const fn language(lang: Lang) -> Language {
    match lang {
        Lang::Rust => Language::Rust,
        Lang::C => Language::C,
        Lang::Python => Language::Python,
        Lang::Go => Language::Go,
        Lang::Zig => Language::Zig,
    }
}
