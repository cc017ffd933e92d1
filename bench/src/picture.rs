//! The one picture of the report: throughput as bars, latency as bars beside them. Plain SVG, no dependency.

use std::fmt::Write as _;

/// A bar: what it is, and how much.
#[derive(Clone, Debug)]
pub struct Bar {
    pub label: String,
    pub value: f64,
    /// Ours stand out.
    pub ours: bool,
}

/// Bars under one title, each against the largest.
#[derive(Clone, Debug)]
pub struct Panel {
    pub title: String,
    pub bars: Vec<Bar>,
}

const WIDTH: f64 = 720.0;
const LABEL: f64 = 250.0;
const BAR: f64 = 330.0;
const ROW: f64 = 26.0;
const TITLE: f64 = 44.0;
/// Of a panel's title, and of text before and behind a bar.
const HEADING: &str = r##"text-anchor="start" fill="#1f2937" font-weight="600""##;
const BEFORE: &str = r##"text-anchor="end" fill="#374151""##;
const BEHIND: &str = r##"text-anchor="start" fill="#374151""##;

/// One panel below the other.
pub fn svg(panels: &[Panel]) -> String {
    let rows: usize = panels.iter().map(|panel| panel.bars.len()).sum();
    let height = TITLE * count(panels.len()) + ROW * count(rows) + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    let mut y = 0.0;
    for panel in panels {
        y += TITLE;
        text(&mut svg, 16.0, y - 16.0, HEADING, &panel.title);
        let largest = panel.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        for bar in &panel.bars {
            let width = if largest > 0.0 {
                BAR * bar.value / largest
            } else {
                0.0
            };
            let colour = if bar.ours { "#0f766e" } else { "#9ca3af" };
            text(&mut svg, LABEL - 10.0, y + 14.0, BEFORE, &bar.label);
            // Writing to a String cannot fail.
            let _ = writeln!(
                svg,
                "<rect x=\"{LABEL}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>"
            );
            let behind = LABEL + width + 8.0;
            text(&mut svg, behind, y + 14.0, BEHIND, &amount(bar.value));
            y += ROW;
        }
    }
    svg += "</svg>\n";
    svg
}

fn text(svg: &mut String, x: f64, y: f64, style: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{content}</text>"
    );
}

fn amount(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share_of_the_largest() {
        let bar = |label: &str, value, ours| Bar {
            label: label.to_owned(),
            value,
            ours,
        };
        let picture = svg(&[Panel {
            title: "Orders < s".to_owned(),
            bars: vec![
                bar("ours", 400.0, true),
                bar("D1", 100.0, false),
                bar("none", 0.0, false),
            ],
        }]);
        for part in [
            "width=\"330.0\"",
            "width=\"82.5\"",
            "width=\"0.0\"",
            "Orders &lt; s",
            ">400<",
        ] {
            assert!(picture.contains(part), "{part}: {picture}");
        }
        assert!(svg(&[]).ends_with("</svg>\n"));
    }
}
