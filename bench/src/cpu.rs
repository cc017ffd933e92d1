//! What processes use, from /proc: CPU time.

use std::fs;

/// Clock ticks a second, as Linux shows them to every program.
const TICKS: f64 = 100.0;

/// Seconds of CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    pub own: f64,
    /// Of children that have ended and were waited for.
    pub children: f64,
}

pub fn of_process(pid: u32) -> Option<Times> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(|(times, _)| times)
}

/// A process and all that it has started, directly, living or not: Postgres with its backends.
pub fn of_family(pid: u32) -> f64 {
    let parent = of_process(pid).map_or(0.0, |times| times.own + times.children);
    let children = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = children
        .filter_map(|entry| parse(&fs::read_to_string(entry.path().join("stat")).ok()?))
        .filter(|(_, parent)| *parent == pid)
        .map(|(times, _)| times.own + times.children);
    parent + children.sum::<f64>()
}

/// The times and the parent of a line of /proc/PID/stat. The name in parentheses may hold anything.
fn parse(stat: &str) -> Option<(Times, u32)> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |place: usize| Some(fields.get(place)?.parse::<f64>().ok()? / TICKS);
    let times = Times {
        own: seconds(11)? + seconds(12)?,
        children: seconds(13)? + seconds(14)?,
    };
    Some((times, fields.get(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name() {
        let line = "42 (a) b) S 7 42 42 0 -1 4194304 100 200 0 0 150 50 30 20 20 0 9 0 12345 1 2";
        let expected = Times {
            own: 2.0,
            children: 0.5,
        };
        assert_eq!(parse(line), Some((expected, 7)));
    }
}
