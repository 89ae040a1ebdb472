//! `periphon completions` and `periphon man`, made from the same description as the command line itself.

use super::print;
use crate::error::{Error, Result};
use clap::{Args, Command};
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

pub(super) fn completions(args: &CompletionsArgs, command: &mut Command) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "periphon", &mut text);
    print::out(&String::from_utf8_lossy(&text))
}

pub(super) fn man(args: &ManArgs, command: &Command) -> Result<()> {
    match &args.dir {
        None => print::out(&page(command)?),
        Some(dir) => write_pages(dir, command, "periphon"),
    }
}

fn page(command: &Command) -> Result<String> {
    let mut text = Vec::new();
    let title = command.get_display_name().unwrap_or(command.get_name()).to_uppercase();
    clap_mangen::Man::new(command.clone())
        .title(title)
        .render(&mut text)
        .map_err(|e| Error::argument("cannot make the manual page").caused_by(e))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn write_pages(dir: &Path, command: &Command, name: &str) -> Result<()> {
    let path = dir.join(format!("{name}.1"));
    let text = page(&command.clone().display_name(name.to_string()))?;
    std::fs::write(&path, text).map_err(|e| Error::io(&path, "cannot write the manual page", e))?;
    for verb in command.get_subcommands().filter(|c| c.get_name() != "help") {
        write_pages(dir, verb, &format!("{name}-{}", verb.get_name()))?;
    }
    Ok(())
}
