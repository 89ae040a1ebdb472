//! `periphon completions` and `periphon man`, made from the same description as the command line itself.

use super::{Common, print};
use crate::error::{Error, ErrorKind, Result};
use crate::sink::write_whole;
use clap::{Args, Command};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Print shell completions
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon completions bash > ~/.local/share/bash-completion/completions/periphon
  periphon completions fish > ~/.config/fish/completions/periphon.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// Print the manual page, or write one a verb
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon man | man -l -
  periphon man --dir /usr/local/share/man/man1")]
pub(super) struct ManArgs {
    /// A folder for one page a verb
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn completions(args: &CompletionsArgs, command: &mut Command, common: &Common) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "periphon", &mut text);
    let script = String::from_utf8_lossy(&text);
    if common.json {
        return print::json(&json!({ "shell": args.shell.to_string(), "script": script }));
    }
    print::out(&script)
}

pub(super) fn man(args: &ManArgs, command: &Command, common: &Common) -> Result<()> {
    let Some(dir) = &args.dir else {
        let page = page(command)?;
        return if common.json { print::json(&json!({ "page": page })) } else { print::out(&page) };
    };
    let mut written = Vec::new();
    write_pages(dir, command, "periphon", &mut written)?;
    if common.json {
        let written: Vec<_> = written.iter().map(|p| p.to_string_lossy()).collect();
        return print::json(&json!({ "written": written }));
    }
    Ok(())
}

fn page(command: &Command) -> Result<String> {
    let mut text = Vec::new();
    let title = command.get_display_name().unwrap_or(command.get_name()).to_uppercase();
    clap_mangen::Man::new(command.clone())
        .title(title)
        .render(&mut text)
        .map_err(|e| Error::new(ErrorKind::Io, "cannot make the manual page").caused_by(e))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Writes the page of a verb and those of the verbs below it. Older pages of these names are replaced.
fn write_pages(dir: &Path, command: &Command, name: &str, written: &mut Vec<PathBuf>) -> Result<()> {
    let path = dir.join(format!("{name}.1"));
    let text = page(&command.clone().display_name(name.to_string()))?;
    write_whole(&path, text.as_bytes(), true)?;
    written.push(path);
    for verb in command.get_subcommands().filter(|c| c.get_name() != "help") {
        write_pages(dir, verb, &format!("{name}-{}", verb.get_name()), written)?;
    }
    Ok(())
}
