//! Points where rounding may matter.

use super::*;

/// Positions along the lines of areas and cells, on them, a few floats beside them, and up to 10⁻⁹ degrees away.
pub(super) fn points(city: &City, grid: &AlignedGrid, count: usize) -> Vec<Coord<f64>> {
    let mut lines: Vec<_> = smallest(city)
        .latest()
        .iter()
        .flat_map(|area| geo::LinesIter::lines_iter(&area.geometry))
        .collect();
    let cells: Vec<_> = grid
        .cells()
        .iter()
        .copied()
        .step_by(1 + grid.len() / 500)
        .collect();
    for cell in cells {
        let boundary = CellIndex::try_from(cell).unwrap().boundary();
        let corner = |at: usize| {
            let place = &boundary[at % boundary.len()];
            Coord {
                x: place.lng(),
                y: place.lat(),
            }
        };
        lines.extend((0..boundary.len()).map(|at| geo::Line::new(corner(at), corner(at + 1))));
    }
    let mut random = Random::new(20_261_123);
    let mut points = Vec::new();
    for _ in 0..count {
        let line = lines[random.below(lines.len())];
        let share = [0.0, 1.0, random.share(), random.share()][random.below(4)];
        let straight = line.start + line.delta() * share;
        let point = [straight, on_great_circle(&line, share)][random.below(2)];
        let apart = [0.0, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9][random.below(7)];
        let mut beside = || apart * (2.0 * random.share() - 1.0);
        points.push(
            point
                + Coord {
                    x: beside(),
                    y: beside(),
                },
        );
    }
    points
}

/// The point at a share of the chord through the earth, brought up to the surface.
fn on_great_circle(line: &geo::Line<f64>, share: f64) -> Coord<f64> {
    let (a, b) = (vector(line.start), vector(line.end));
    let at = [0, 1, 2].map(|at| a[at] * (1.0 - share) + b[at] * share);
    Coord {
        x: at[1].atan2(at[0]).to_degrees(),
        y: at[2].atan2(at[0].hypot(at[1])).to_degrees(),
    }
}

fn vector(c: Coord<f64>) -> [f64; 3] {
    let ((sin_x, cos_x), (sin_y, cos_y)) = (c.x.to_radians().sin_cos(), c.y.to_radians().sin_cos());
    [cos_y * cos_x, cos_y * sin_x, sin_y]
}
