//! Charts as SVG, written by hand, because a few shapes and texts need no library. They follow the reader's light or
//! dark colour scheme and have a background of their own.

mod bars;
mod lines;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

pub(crate) use bars::{Bar, bars};
pub(crate) use lines::{Axis, Chart, Series, lines};

/// Colours by role, light and dark.
const STYLE: &str = include_str!("chart/style.css");

/// A picture that grows by elements.
struct Svg {
    width: f64,
    height: f64,
    elements: String,
}

impl Svg {
    fn new(width: f64, height: f64, title: &str) -> Self {
        let mut svg = Self { width, height, elements: String::new() };
        svg.text(16.0, 26.0, "title", title);
        svg
    }

    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.element(format_args!(r#"<text x="{x:.1}" y="{y:.1}" class="{class}">{text}</text>"#));
    }

    fn grid(&mut self, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.element(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="grid"/>"#
        ));
    }

    fn bar(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), series: usize) {
        self.element(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" class="fill s{series}"/>"#
        ));
    }

    fn dot(&mut self, (x, y): (f64, f64), series: usize) {
        self.element(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" class="s{series}"/>"#));
    }

    fn path(&mut self, points: &[(f64, f64)], class: &str) {
        let mut steps = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            steps.push_str(&format!("{step}{x:.1} {y:.1}"));
        }
        self.element(format_args!(r#"<path d="{steps}" class="{class}"/>"#));
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        writeln!(self.elements, "{element}").ok();
    }

    fn finish(self) -> String {
        let Self { width, height, elements } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
             <style>\n{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" class=\"back\"/>\n{elements}</svg>\n"
        )
    }
}

/// Writes a picture into a folder.
pub(crate) fn write(folder: &Path, name: &str, svg: &str) -> Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    println!("drawn: {}", path.display());
    Ok(())
}

/// A number as one reads it on an axis or beside a bar.
fn number(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.0} M", value / 1e6),
        value if value >= 1e4 => format!("{:.0} k", value / 1e3),
        value if value >= 10.0 || value == 0.0 || value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut svg = Svg::new(100.0, 50.0, "a < b & c");
        svg.dot((1.0, 2.0), 0);
        let text = svg.finish();
        assert!(text.contains("a &lt; b &amp; c") && text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.52, 7.0, 84.2, 3901.0, 28_163.0, 2e6].map(number);
        assert_eq!(shown, ["0", "0.5", "7", "84", "3901", "28 k", "2 M"]);
    }
}
