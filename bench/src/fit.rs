//! A straight line through measured points.

/// `y = at_zero + slope · x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) at_zero: f64,
    pub(crate) slope: f64,
}

impl Line {
    /// The line of least squares of the *relative* differences: of points that span orders of magnitude the
    /// largest would decide alone otherwise. `None` if the points are fewer than two or stand at one x.
    pub(crate) fn fit(points: &[(f64, f64)]) -> Option<Self> {
        let sum =
            |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(x, y)| of(*x, *y) / (y * y)).sum::<f64>();
        let (ones, xs, ys) = (sum(&|_, _| 1.0), sum(&|x, _| x), sum(&|_, y| y));
        let (squares, products) = (sum(&|x, _| x * x), sum(&|x, y| x * y));
        let determinant = ones * squares - xs * xs;
        let line = Self {
            at_zero: (squares * ys - xs * products) / determinant,
            slope: (ones * products - xs * ys) / determinant,
        };
        (line.at_zero.is_finite() && line.slope.is_finite() && points.len() > 1).then_some(line)
    }

    pub(crate) fn at(self, x: f64) -> f64 {
        self.at_zero + self.slope * x
    }

    /// How far a point is off the line, in percent of what the line says.
    pub(crate) fn percent_off(self, (x, y): (f64, f64)) -> f64 {
        (y / self.at(x) - 1.0) * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_line_give_the_line() {
        let line = Line { at_zero: 80.0, slope: 2.5 };
        let points = [1.0, 10.0, 1e3, 1e5].map(|x| (x, line.at(x)));
        let fitted = Line::fit(&points).unwrap();
        assert!((fitted.at_zero - 80.0).abs() < 1e-6 && (fitted.slope - 2.5).abs() < 1e-9, "{fitted:?}");
    }

    #[test]
    fn small_points_weigh_as_much_as_large_ones() {
        // The largest is 30 % too high. By absolute differences it would decide alone, and the smallest be
        // off by many times what they are.
        let points = [(1.0, 101.0), (10.0, 110.0), (100.0, 200.0), (1e5, 1.001e5), (1e6, 1.3e6)];
        let line = Line::fit(&points).unwrap();
        assert!(points.iter().all(|point| line.percent_off(*point).abs() < 20.0), "{line:?}");
    }

    #[test]
    fn no_line_goes_through_fewer_than_two_places() {
        assert_eq!((Line::fit(&[]), Line::fit(&[(1.0, 2.0)])), (None, None));
        assert_eq!(Line::fit(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
