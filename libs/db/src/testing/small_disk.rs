//! A disk that fills up, for tests: a tablespace of 4 MiB on a file system of its own. Only root may mount one.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use sqlx::{AssertSqlSafe, Error, PgPool};

pub struct SmallDisk {
    folder: PathBuf,
    tablespace: String,
    pool: PgPool,
}

impl SmallDisk {
    /// A disk of the server of this pool, with the tables named on it.
    pub async fn mount(pool: &PgPool, tables: &[&str]) -> Result<Self, Error> {
        let (database, data): (String, String) =
            sqlx::query_as("SELECT current_database(), current_setting('data_directory')")
                .fetch_one(pool)
                .await?;
        let disk = Self {
            folder: std::env::temp_dir().join(format!("small-disk-{database}")),
            // Its end is what differs, and a name has 63 bytes.
            tablespace: format!("small{}", &database[database.len().saturating_sub(20)..]),
            pool: pool.clone(),
        };
        std::fs::create_dir(&disk.folder)?;
        let server = Path::new(&data).metadata()?;
        let options = format!("size=4m,mode=700,uid={},gid={}", server.uid(), server.gid());
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&disk.folder))?;
        disk.execute(format!(
            "CREATE TABLESPACE \"{}\" LOCATION '{}'",
            disk.tablespace,
            disk.folder.display()
        ))
        .await?;
        for table in tables {
            disk.execute(format!(
                "ALTER TABLE {table} SET TABLESPACE \"{}\"",
                disk.tablespace
            ))
            .await?;
        }
        Ok(disk)
    }

    /// Takes all the room that is left.
    pub fn fill(&self) -> io::Result<()> {
        let mut ballast = File::create(self.ballast())?;
        loop {
            match ballast.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    pub fn free(&self) -> io::Result<()> {
        std::fs::remove_file(self.ballast())
    }

    /// Moves the tables back and takes the disk away, which the server must not miss.
    pub async fn remove(self) -> Result<(), Error> {
        self.execute(format!(
            "ALTER TABLE ALL IN TABLESPACE \"{}\" SET TABLESPACE pg_default",
            self.tablespace
        ))
        .await?;
        self.execute(format!("DROP TABLESPACE \"{}\"", self.tablespace))
            .await
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    async fn execute(&self, statement: String) -> Result<(), Error> {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A test that failed leaves files open on it.
        let unmounted = run(Command::new("umount").arg("--lazy").arg(&self.folder));
        if let Err(error) = unmounted.and_then(|()| std::fs::remove_dir(&self.folder)) {
            tracing::warn!(folder = %self.folder.display(), %error, "a disk of a test was left behind");
        }
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?} ended with {status}")))
}
