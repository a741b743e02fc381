//! Convex hulls of pixels.

/// The corners of the convex hull of pixels, which are squares (Andrew, 1979).
pub(super) fn hull(pixels: impl Iterator<Item = [u32; 2]>) -> Vec<[f32; 2]> {
    let mut points: Vec<[f32; 2]> = pixels
        .flat_map(|[x, y]| [[x, y], [x + 1, y], [x, y + 1], [x + 1, y + 1]])
        .map(|point| point.map(|at| at as f32))
        .collect();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let half = |points: &mut dyn Iterator<Item = [f32; 2]>| {
        let mut hull: Vec<[f32; 2]> = Vec::new();
        for point in points {
            while let [.., a, b] = hull[..]
                && turn(a, b, point) <= 0.0
            {
                hull.pop();
            }
            hull.push(point);
        }
        // The other half starts with it.
        hull.pop();
        hull
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

/// Twice the area of a triangle: positive where the hull's corners turn.
pub(super) fn turn(a: [f32; 2], b: [f32; 2], c: [f32; 2]) -> f32 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// The area inside a polygon.
pub(super) fn area(corners: &[[f32; 2]]) -> f32 {
    let next = corners.iter().cycle().skip(1);
    let areas = corners
        .iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - a[1] * b[0]);
    areas.sum::<f32>().abs() / 2.0
}
