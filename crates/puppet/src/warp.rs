//! Moves points of a picture and the triangles between them.

use opencv::core::{self, Mat, Point2f, Rect, Scalar, Size};
use opencv::imgproc::{self, Subdiv2D};
use opencv::prelude::*;

/// Triangles over fixed source points.
pub(crate) struct Net {
    source: Vec<Point2f>,
    triangles: Vec<[usize; 3]>,
    size: Size,
}

/// Where a point goes; the smaller the depth, the nearer to the camera.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    pub(crate) place: Point2f,
    pub(crate) depth: f32,
}

impl Net {
    /// Triangulates the points (Delaunay). Points must lie in the picture; its corners should be among them.
    pub(crate) fn new(source: Vec<Point2f>, size: Size) -> opencv::Result<Self> {
        let mut subdivision = Subdiv2D::new(Rect::new(-1, -1, size.width + 2, size.height + 2))?;
        for point in &source {
            subdivision.insert(*point)?;
        }
        let mut list = core::Vector::new();
        subdivision.get_triangle_list(&mut list)?;
        let index = |x: f32, y: f32| source.iter().position(|point| point.x == x && point.y == y);
        let triangles = list
            .iter()
            .filter_map(|six| {
                let [ax, ay, bx, by, cx, cy] = six.0;
                Some([index(ax, ay)?, index(bx, by)?, index(cx, cy)?])
            })
            .collect();
        Ok(Self {
            source,
            triangles,
            size,
        })
    }

    /// The picture with every source point at its new place, of which there must be as many.
    pub(crate) fn warp(&self, picture: &Mat, moved: &[Moved]) -> opencv::Result<Mat> {
        let pixels = (self.size.width * self.size.height) as usize;
        let (mut map_x, mut map_y) = (vec![-1.0_f32; pixels], vec![-1.0_f32; pixels]);
        // Painted from the farthest to the nearest, those that show their back first of all.
        let mut order: Vec<(f32, [usize; 3])> = self
            .triangles
            .iter()
            .map(|corners| {
                let turned =
                    area(corners.map(|at| self.source[at])) * area(corners.map(|at| moved[at].place)) <= 0.0;
                let depth: f32 = corners.iter().map(|at| moved[*at].depth).sum();
                (if turned { f32::INFINITY } else { depth }, *corners)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, corners) in order {
            let (from, to) = (
                corners.map(|at| self.source[at]),
                corners.map(|at| moved[at].place),
            );
            self.paint(from, to, &mut map_x, &mut map_y);
        }
        let map = |values: &[f32]| -> opencv::Result<Mat> {
            Mat::new_rows_cols_with_data(self.size.height, self.size.width, values)?.try_clone()
        };
        let mut warped = Mat::default();
        imgproc::remap(
            picture,
            &mut warped,
            &map(&map_x)?,
            &map(&map_y)?,
            imgproc::INTER_LINEAR,
            core::BORDER_REPLICATE,
            Scalar::all(0.0),
        )?;
        Ok(warped)
    }

    fn paint(&self, from: [Point2f; 3], to: [Point2f; 3], map_x: &mut [f32], map_y: &mut [f32]) {
        let whole = area(to);
        if whole.abs() < 1e-3 {
            return;
        }
        let span = |values: [f32; 3], end: i32| {
            let low = values
                .iter()
                .copied()
                .fold(f32::INFINITY, f32::min)
                .floor()
                .max(0.0) as i32;
            let high = values
                .iter()
                .copied()
                .fold(f32::NEG_INFINITY, f32::max)
                .ceil()
                .min((end - 1) as f32) as i32;
            low..high + 1
        };
        let [a, b, c] = to;
        let columns = span([a.x, b.x, c.x], self.size.width);
        for y in span([a.y, b.y, c.y], self.size.height) {
            for x in columns.clone() {
                let point = Point2f::new(x as f32, y as f32);
                let (u, v) = (area([point, b, c]) / whole, area([a, point, c]) / whole);
                let w = 1.0 - u - v;
                // A hair beyond the edge, so that no seam stays open between neighbours.
                if u < -1e-3 || v < -1e-3 || w < -1e-3 {
                    continue;
                }
                let at = (y * self.size.width + x) as usize;
                map_x[at] = u * from[0].x + v * from[1].x + w * from[2].x;
                map_y[at] = u * from[0].y + v * from[1].y + w * from[2].y;
            }
        }
    }
}

/// Twice the signed area.
fn area([a, b, c]: [Point2f; 3]) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opencv::core::CV_8UC3;

    fn corners() -> Vec<Point2f> {
        [(0.0, 0.0), (39.0, 0.0), (0.0, 29.0), (39.0, 29.0), (20.0, 15.0)]
            .map(|(x, y)| Point2f::new(x, y))
            .to_vec()
    }

    fn at(points: &[Point2f]) -> Vec<Moved> {
        points
            .iter()
            .map(|place| Moved {
                place: *place,
                depth: 0.0,
            })
            .collect()
    }

    fn shades() -> Mat {
        let mut picture = Mat::new_rows_cols_with_default(30, 40, CV_8UC3, Scalar::all(40.0)).unwrap();
        imgproc::rectangle(
            &mut picture,
            Rect::new(18, 13, 5, 5),
            Scalar::all(220.0),
            -1,
            8,
            0,
        )
        .unwrap();
        picture
    }

    #[test]
    fn unmoved_points_leave_the_picture_as_it_is() {
        let picture = shades();
        let net = Net::new(corners(), Size::new(40, 30)).unwrap();
        let warped = net.warp(&picture, &at(&corners())).unwrap();
        assert!(core::norm2_def(&picture, &warped).unwrap() < 1.0);
    }

    #[test]
    fn a_moved_point_takes_its_surroundings_along() {
        let mut moved = corners();
        moved[4] = Point2f::new(26.0, 15.0);
        let net = Net::new(corners(), Size::new(40, 30)).unwrap();
        let warped = net.warp(&shades(), &at(&moved)).unwrap();
        let bright = |x| warped.at_2d::<core::Vec3b>(15, x).unwrap()[0] > 150;
        assert!(bright(26) && !bright(19));
    }
}
