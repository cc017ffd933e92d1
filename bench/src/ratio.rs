//! The figures of the benchmark, each a ratio taken round by round, and whether each meets its target.

use std::fmt::Write as _;

use serde::Serialize;

/// The smallest, middle and largest value of the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Spread {
    /// `None` if there are no values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        Some(Self {
            min: sorted[0],
            // Of an odd number of values both are the same.
            median: f64::midpoint(sorted[last / 2], sorted[sorted.len() / 2]),
            max: sorted[last],
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Better {
    More,
    Less,
}

/// A figure and the values that it has to reach.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    pub id: &'static str,
    pub what: String,
    pub better: Better,
    pub floor: f64,
    pub goal: f64,
}

/// A measured figure, with a value for each valid round.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub target: Target,
    pub rounds: Vec<f64>,
    pub spread: Option<Spread>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Goal,
    Floor,
    Missed,
    /// No round was valid.
    Unmeasured,
}

impl Target {
    fn reaches(&self, value: f64, mark: f64) -> bool {
        match self.better {
            Better::More => value >= mark,
            Better::Less => value <= mark,
        }
    }
}

impl Figure {
    pub fn new(target: Target, rounds: Vec<f64>) -> Self {
        let spread = Spread::of(&rounds);
        Self {
            target,
            rounds,
            spread,
        }
    }

    /// The verdict on the median.
    pub fn verdict(&self) -> Verdict {
        let Some(Spread { median, .. }) = self.spread else {
            return Verdict::Unmeasured;
        };
        if self.target.reaches(median, self.target.goal) {
            Verdict::Goal
        } else if self.target.reaches(median, self.target.floor) {
            Verdict::Floor
        } else {
            Verdict::Missed
        }
    }
}

impl Verdict {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Floor => "floor",
            Self::Missed => "**missed**",
            Self::Unmeasured => "not measured",
        }
    }
}

/// The ratios of the rounds that have both values.
pub fn by_round(above: &[Option<f64>], below: &[Option<f64>]) -> Vec<f64> {
    let both = above.iter().zip(below);
    both.filter_map(|(above, below)| Some((*above)? / (*below)?))
        .filter(|ratio| ratio.is_finite())
        .collect()
}

/// The table of the figures, in Markdown.
pub fn table(figures: &[Figure]) -> String {
    let mut text = String::from(
        "| id | figure | min | median | max | floor | goal | met |\n|---|---|---|---|---|---|---|---|\n",
    );
    for figure in figures {
        let Target {
            id,
            what,
            floor,
            goal,
            ..
        } = &figure.target;
        let spread = figure.spread.map_or_else(
            || "– | – | –".to_owned(),
            |Spread { min, median, max }| {
                format!("{} | **{}** | {}", short(min), short(median), short(max))
            },
        );
        let verdict = figure.verdict().text();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {id} | {what} | {spread} | {floor} | {goal} | {verdict} |"
        );
    }
    text
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(better: Better, floor: f64, goal: f64) -> Target {
        Target {
            id: "P0",
            what: "ours ÷ theirs".into(),
            better,
            floor,
            goal,
        }
    }

    #[test]
    fn the_median_is_the_middle_of_the_rounds() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.0, 3.0));
        let even = Spread::of(&[4.0, 1.0, 2.0, 3.0]).unwrap();
        assert!((even.median - 2.5).abs() < f64::EPSILON);
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_figure_is_judged_by_its_median_and_its_direction() {
        let verdict = |better, floor, goal, rounds: &[f64]| {
            Figure::new(target(better, floor, goal), rounds.to_vec()).verdict()
        };
        assert_eq!(
            verdict(Better::More, 1.5, 4.0, &[1.0, 4.5, 4.2]),
            Verdict::Goal
        );
        assert_eq!(verdict(Better::More, 1.5, 4.0, &[1.6]), Verdict::Floor);
        assert_eq!(verdict(Better::More, 1.5, 4.0, &[1.4]), Verdict::Missed);
        assert_eq!(verdict(Better::Less, 3.0, 1.0, &[0.9]), Verdict::Goal);
        assert_eq!(verdict(Better::Less, 3.0, 1.0, &[2.0]), Verdict::Floor);
        assert_eq!(verdict(Better::Less, 3.0, 1.0, &[3.1]), Verdict::Missed);
        assert_eq!(verdict(Better::Less, 3.0, 1.0, &[]), Verdict::Unmeasured);
    }

    #[test]
    fn a_void_round_is_part_of_no_ratio() {
        let above = [Some(10.0), None, Some(30.0), Some(1.0)];
        let below = [Some(5.0), Some(1.0), Some(10.0), Some(0.0)];
        assert_eq!(by_round(&above, &below), [2.0, 3.0]);
    }

    #[test]
    fn the_table_shows_every_figure() {
        let figures = [
            Figure::new(target(Better::More, 1.5, 4.0), vec![2.0, 150.0, 12.34]),
            Figure::new(target(Better::More, 1.5, 4.0), Vec::new()),
        ];
        assert_eq!(
            table(&figures).lines().skip(2).collect::<Vec<_>>(),
            [
                "| P0 | ours ÷ theirs | 2.00 | **12.3** | 150 | 1.5 | 4 | goal |",
                "| P0 | ours ÷ theirs | – | – | – | 1.5 | 4 | not measured |",
            ]
        );
    }
}
