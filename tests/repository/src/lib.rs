//! The files of the repository, for tests that apply to all of them.

pub mod arrows;
pub mod errors;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// A text file and its path from the root.
pub struct File {
    pub path: PathBuf,
    pub text: String,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text file that is or would be committed.
///
/// # Errors
/// If git cannot list the files, or one cannot be read.
pub fn files() -> io::Result<Vec<File>> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()?;
    if !listed.status.success() {
        let message = String::from_utf8_lossy(&listed.stderr).into_owned();
        return Err(io::Error::other(message));
    }
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut files = Vec::new();
    for path in names.split_terminator('\0').map(PathBuf::from) {
        match fs::read(root().join(&path)).map(String::from_utf8) {
            Ok(Ok(text)) => files.push(File { path, text }),
            // The file is not text, a link to a folder, or deleted without a commit.
            Ok(Err(_)) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}
