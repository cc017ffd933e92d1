//! Prints docs/errors.md; run by `make gen`.

#![expect(clippy::print_stdout, reason = "this is its purpose")]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = repository::files()?;
    print!("{}", repository::errors::Codes::read(&files)?.document());
    Ok(())
}
