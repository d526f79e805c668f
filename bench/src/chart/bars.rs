//! Bars beside each other, each with its number.

use super::{Svg, number};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 300.0;
const TOP: f64 = 44.0;
const STEP: f64 = 26.0;

/// Room right of the longest bar, for its number.
const RIGHT: f64 = 70.0;

/// A bar.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// Its colour.
    pub(crate) series: usize,
}

/// The bars in the order given, on a scale that begins at 0.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> String {
    let greatest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = Svg::new(WIDTH, TOP + STEP * bars.len() as f64 + 12.0, title);
    for (index, bar) in bars.iter().enumerate() {
        let y = TOP + STEP * index as f64;
        let length = (bar.value / greatest * (WIDTH - LEFT - RIGHT)).max(1.0);
        svg.text(LEFT - 10.0, y + 15.0, "end", &bar.label);
        svg.bar((LEFT, y + 2.0), (length, STEP - 8.0), bar.series);
        svg.text(LEFT + length + 6.0, y + 15.0, "small", &number(bar.value));
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_proportion() {
        let bar = |value| Bar { label: "x".to_owned(), value, series: 0 };
        let svg = bars("t", &[bar(100.0), bar(25.0)]);
        let width = |index: usize| -> f64 {
            let text = svg.split(" width=\"").nth(index).unwrap();
            text.split('"').next().unwrap().parse().unwrap()
        };
        // The first rectangle is the background.
        assert!((width(2) / width(3) - 4.0).abs() < 0.01, "{} and {}", width(2), width(3));
    }
}
