//! The picture of the report: throughput and latency as bars. It is plain SVG without a dependency.

use std::fmt::Write as _;

/// A labelled bar.
#[derive(Clone, Debug)]
pub struct Bar {
    pub label: String,
    pub value: f64,
    /// Whether the bar is of our services, which have a colour of their own.
    pub ours: bool,
}

/// Bars under one title, in relation to the largest of them.
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
/// The styles of a panel's title, and of the text before and after a bar.
const HEADING: &str = r##"text-anchor="start" fill="#1f2937" font-weight="600""##;
const BEFORE: &str = r##"text-anchor="end" fill="#374151""##;
const AFTER: &str = r##"text-anchor="start" fill="#374151""##;

/// Draws the panels below each other.
pub fn svg(panels: &[Panel]) -> String {
    let (mut body, mut y) = (String::new(), 0.0);
    for panel in panels {
        y += TITLE;
        text(&mut body, 16.0, y - 16.0, HEADING, &panel.title);
        let largest = panel.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        for bar in &panel.bars {
            // Without a value above zero, all bars are empty.
            let width = BAR * bar.value / largest.max(f64::MIN_POSITIVE);
            let colour = if bar.ours { "#0f766e" } else { "#9ca3af" };
            text(&mut body, LABEL - 10.0, y + 14.0, BEFORE, &bar.label);
            // Writing to a String cannot fail.
            let _ = writeln!(
                body,
                "<rect x=\"{LABEL}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>"
            );
            let after = LABEL + width + 8.0;
            text(&mut body, after, y + 14.0, AFTER, &amount(bar.value));
            y += ROW;
        }
    }
    let height = y + 16.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
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
