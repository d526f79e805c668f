//! Points over a logarithmic x, joined, each series beside the straight line that fits it.

use super::{Svg, number};
use crate::fit::Line;

const SIZE: (f64, f64) = (860.0, 420.0);
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 72.0;
const BOTTOM: f64 = 52.0;

/// Steps in which a fitted line, which is none over a logarithmic x, is drawn.
const STEPS: usize = 60;

/// Measured points.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) fit: Option<Line>,
}

/// How y is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    Linear,
    Logarithmic,
}

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: Axis,
    /// Factor between two marks of x.
    pub(crate) step: f64,
    pub(crate) series: Vec<Series>,
}

/// Where values stand in the picture.
struct Scale {
    x: (f64, f64),
    y: (f64, f64),
    axis: Axis,
}

/// Draws it; nothing if there are no points.
pub(crate) fn lines(chart: &Chart<'_>) -> Option<String> {
    let scale = Scale::of(chart)?;
    let mut svg = Svg::new(SIZE.0, SIZE.1, chart.title);
    scale.marks(&mut svg, chart);
    if chart.series.iter().any(|series| series.fit.is_some()) {
        svg.text(SIZE.0 - RIGHT, 26.0, "small end", "dashed: straight lines of least relative squares");
    }
    for (index, series) in chart.series.iter().enumerate() {
        let points: Vec<_> = series.points.iter().map(|point| scale.place(*point)).collect();
        svg.path(&points, &format!("s{index}"));
        points.iter().for_each(|point| svg.dot(*point, index));
        if let Some(line) = series.fit {
            let ratio = scale.x.1 / scale.x.0;
            let xs = (0..=STEPS).map(|step| scale.x.0 * ratio.powf(step as f64 / STEPS as f64));
            let fitted: Vec<_> = xs.map(|x| scale.place((x, line.at(x)))).collect();
            svg.path(&fitted, &format!("fit s{index}"));
        }
        legend(&mut svg, index, series);
    }
    Some(svg.finish())
}

fn legend(svg: &mut Svg, index: usize, series: &Series) {
    let x = LEFT + 390.0 * (index % 2) as f64;
    let y = 44.0 + 16.0 * (index / 2) as f64;
    svg.bar((x, y - 8.0), (12.0, 8.0), index);
    svg.text(x + 18.0, y, "small", &series.name);
}

impl Scale {
    fn of(chart: &Chart<'_>) -> Option<Self> {
        let points = || chart.series.iter().flat_map(|series| &series.points);
        let most = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::max);
        let least = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::min);
        let x = (least(&mut points().map(|point| point.0))?, most(&mut points().map(|point| point.0))?);
        let (low, high) =
            (least(&mut points().map(|point| point.1))?, most(&mut points().map(|point| point.1))?);
        let y = match chart.y {
            Axis::Linear => (0.0, high * 1.1),
            Axis::Logarithmic => (10_f64.powf(low.log10().floor()), 10_f64.powf(high.log10().ceil())),
        };
        (x.0 < x.1 && y.0 < y.1).then_some(Self { x, y, axis: chart.y })
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (width, height) = (SIZE.0 - LEFT - RIGHT, SIZE.1 - TOP - BOTTOM);
        let across = (x / self.x.0).ln() / (self.x.1 / self.x.0).ln();
        let up = match self.axis {
            Axis::Linear => y / self.y.1,
            Axis::Logarithmic => (y / self.y.0).ln() / (self.y.1 / self.y.0).ln(),
        };
        (LEFT + across * width, TOP + (1.0 - up.clamp(0.0, 1.0)) * height)
    }

    fn marks(&self, svg: &mut Svg, chart: &Chart<'_>) {
        for value in self.y_marks() {
            let (left, y) = self.place((self.x.0, value));
            svg.grid((left, y), (SIZE.0 - RIGHT, y));
            svg.text(left - 8.0, y + 4.0, "small end", &number(value));
        }
        let mut x = self.x.0;
        while x <= self.x.1 * 1.001 {
            let (at, bottom) = self.place((x, self.y.0));
            svg.grid((at, bottom), (at, bottom + 5.0));
            svg.text(at, bottom + 20.0, "small middle", &number(x));
            x *= chart.step;
        }
        svg.text((LEFT + SIZE.0 - RIGHT) / 2.0, SIZE.1 - 12.0, "small middle", chart.x);
    }

    fn y_marks(&self) -> Vec<f64> {
        match self.axis {
            Axis::Logarithmic => {
                let decades = (self.y.1 / self.y.0).log10().round() as i32;
                (0..=decades).map(|decade| self.y.0 * 10_f64.powi(decade)).collect()
            }
            Axis::Linear => {
                let rough = self.y.1 / 5.0;
                let decade = 10_f64.powf(rough.log10().floor());
                let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
                let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
                (0..).map(|index| f64::from(index) * step).take_while(|value| *value <= self.y.1).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(y: Axis, points: Vec<(f64, f64)>) -> Chart<'static> {
        let fit = Line::fit(&points);
        let series = vec![Series { name: "one".to_owned(), points, fit }];
        Chart { title: "t", x: "rows", y, step: 10.0, series }
    }

    #[test]
    fn ends_of_the_data_are_ends_of_the_picture() {
        let chart = chart(Axis::Logarithmic, vec![(1.0, 10.0), (10.0, 50.0), (100.0, 1000.0)]);
        let scale = Scale::of(&chart).unwrap();
        assert_eq!(scale.place((1.0, 10.0)), (LEFT, SIZE.1 - BOTTOM));
        assert_eq!(scale.place((100.0, 1000.0)), (SIZE.0 - RIGHT, TOP));
        assert_eq!(scale.y_marks(), [10.0, 100.0, 1000.0]);
        let svg = lines(&chart).unwrap();
        assert_eq!((svg.matches("<circle").count(), svg.matches("<path").count()), (3, 2));
    }

    #[test]
    fn a_linear_axis_begins_at_zero() {
        let scale = Scale::of(&chart(Axis::Linear, vec![(1.0, 70.0), (256.0, 90.0)])).unwrap();
        assert_eq!(scale.y_marks(), [0.0, 20.0, 40.0, 60.0, 80.0]);
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(lines(&chart(Axis::Linear, Vec::new())).is_none());
        assert!(lines(&chart(Axis::Linear, vec![(1.0, 1.0)])).is_none());
    }
}
