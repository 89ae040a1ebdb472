//! Argument parsing and exit codes, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    periphon::cli::main()
}
