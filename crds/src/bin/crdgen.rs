//! Prints the `CustomResourceDefinition`; `make gen` writes it to crds/ecommercestacks.yaml.

use std::io::{self, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let yaml = ecommercestack_crds::definition_yaml()?;
    io::stdout().write_all(yaml.as_bytes())?;
    Ok(())
}
