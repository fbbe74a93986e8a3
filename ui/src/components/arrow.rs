//! An arrow of a drawing, kept as what it says, so that a test can tell where it points.

/// From where to where it points, in units of the drawing: to the right of the screen, and down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrow {
    tail: (f32, f32),
    tip: (f32, f32),
}

/// Length of each of the two strokes of the head along the arrow and across it.
const BARB: f32 = 8.5;

impl Arrow {
    /// The two ends must differ.
    pub const fn new(tail: (f32, f32), tip: (f32, f32)) -> Self {
        Self { tail, tip }
    }

    /// Where it points, of length 1.
    pub fn direction(self) -> (f32, f32) {
        let (x, y) = (self.tip.0 - self.tail.0, self.tip.1 - self.tail.1);
        let length = x.hypot(y);
        (x / length, y / length)
    }

    /// The `d` of an SVG path: the shaft, then the head from one barb over the tip to the other.
    pub fn outline(self) -> String {
        let Self { tail, tip } = self;
        let (x, y) = self.direction();
        let barb = |side: f32| (tip.0 - BARB * (x + side * y), tip.1 - BARB * (y - side * x));
        let (one, other) = (barb(1.0), barb(-1.0));
        format!(
            "M{:.1} {:.1}L{:.1} {:.1}M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}",
            tail.0, tail.1, tip.0, tip.1, one.0, one.1, tip.0, tip.1, other.0, other.1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tail: (f32, f32), tip: (f32, f32), expect: &str) {
        assert_eq!(Arrow::new(tail, tip).outline(), expect);
    }

    #[test]
    fn the_head_is_drawn_at_the_tip() {
        check(
            (26.0, 60.0),
            (5.0, 60.0),
            "M26.0 60.0L5.0 60.0M13.5 51.5L5.0 60.0L13.5 68.5",
        );
        check(
            (60.0, 20.0),
            (60.0, 4.0),
            "M60.0 20.0L60.0 4.0M68.5 12.5L60.0 4.0L51.5 12.5",
        );
        check(
            (90.0, 90.0),
            (110.0, 110.0),
            "M90.0 90.0L110.0 110.0M98.0 110.0L110.0 110.0L110.0 98.0",
        );
    }
}
