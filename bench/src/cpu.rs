//! The CPU time of processes, from /proc.

use std::{fs, path::Path};

/// Clock ticks a second, as Linux reports them to every program.
const TICKS: f64 = 100.0;

/// Some fields of /proc/PID/stat.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    /// Seconds of CPU of the process itself.
    own: f64,
    /// Seconds of CPU of its children that have ended and were waited for.
    children: f64,
}

/// Seconds of CPU of a process, without its children; `None` if it has ended.
pub fn of_process(pid: u32) -> Option<f64> {
    read(Path::new(&format!("/proc/{pid}"))).map(|stat| stat.own)
}

/// Seconds of CPU of a process and all children that it has started, running or not: Postgres with its backends.
pub fn of_family(pid: u32) -> f64 {
    let own = read(Path::new(&format!("/proc/{pid}")));
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = processes
        .filter_map(|process| read(&process.path()))
        .filter(|stat| stat.parent == pid);
    let family = own.into_iter().chain(children);
    family.map(|stat| stat.own + stat.children).sum()
}

fn read(process: &Path) -> Option<Stat> {
    parse(&fs::read_to_string(process.join("stat")).ok()?)
}

/// Parses the line of /proc/PID/stat. The name in parentheses may contain any characters.
fn parse(stat: &str) -> Option<Stat> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |place: usize| Some(fields.get(place)?.parse::<f64>().ok()? / TICKS);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: seconds(11)? + seconds(12)?,
        children: seconds(13)? + seconds(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_parsed_whatever_the_name() {
        let line = "42 (a) b) S 7 42 42 0 -1 4194304 100 200 0 0 150 50 30 20 20 0 9 0 12345 1 2";
        let expected = Stat {
            parent: 7,
            own: 2.0,
            children: 0.5,
        };
        assert_eq!(parse(line), Some(expected));
    }
}
