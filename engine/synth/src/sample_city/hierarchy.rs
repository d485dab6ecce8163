//! Which communities make a subdistrict, and which subdistricts a district: connected groups of near members.

use rand::Rng;
use rand::seq::index;

/// Puts `positions` (kilometres) into `groups` groups by k-means, then makes every group connected through `neighbours`.
/// Every group has a member. At most `positions.len()` groups.
pub(super) fn group(
    positions: &[[f64; 2]],
    neighbours: &[Vec<usize>],
    groups: usize,
    rng: &mut impl Rng,
) -> Vec<usize> {
    let mut centres: Vec<[f64; 2]> = index::sample(rng, positions.len(), groups)
        .into_iter()
        .map(|i| positions[i])
        .collect();
    let mut label = vec![0; positions.len()];
    for _ in 0..12 {
        for (i, position) in positions.iter().enumerate() {
            label[i] = nearest(&centres, *position);
        }
        fill_empty(&mut label, positions, &centres);
        centres = means(positions, &label, groups);
    }
    connect(&mut label, neighbours, groups);
    label
}

fn nearest(centres: &[[f64; 2]], [x, y]: [f64; 2]) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (k, centre) in centres.iter().enumerate() {
        let (dx, dy) = (centre[0] - x, centre[1] - y);
        let distance = dx * dx + dy * dy;
        if distance < best.0 {
            best = (distance, k);
        }
    }
    best.1
}

/// A group that lost its last member takes, of the members of groups that can spare one, the nearest.
fn fill_empty(label: &mut [usize], positions: &[[f64; 2]], centres: &[[f64; 2]]) {
    let mut size = vec![0_usize; centres.len()];
    for &k in label.iter() {
        size[k] += 1;
    }
    for (k, centre) in centres.iter().enumerate() {
        if size[k] > 0 {
            continue;
        }
        let away = |i: usize| {
            let (dx, dy) = (positions[i][0] - centre[0], positions[i][1] - centre[1]);
            dx * dx + dy * dy
        };
        let donor = (0..positions.len())
            .filter(|&i| size[label[i]] > 1)
            .min_by(|&a, &b| away(a).total_cmp(&away(b)));
        if let Some(i) = donor {
            size[label[i]] -= 1;
            size[k] += 1;
            label[i] = k;
        }
    }
}

fn means(positions: &[[f64; 2]], label: &[usize], groups: usize) -> Vec<[f64; 2]> {
    let mut sums = vec![([0.0, 0.0], 0.0_f64); groups];
    for (position, &k) in positions.iter().zip(label) {
        sums[k].0[0] += position[0];
        sums[k].0[1] += position[1];
        sums[k].1 += 1.0;
    }
    sums.into_iter()
        .map(|([x, y], n)| [x / n.max(1.0), y / n.max(1.0)])
        .collect()
}

/// Keeps the largest connected piece of each group; the others go to the neighbour group that they touch most.
fn connect(label: &mut [usize], neighbours: &[Vec<usize>], groups: usize) {
    loop {
        let (piece, sizes) = pieces(label, neighbours);
        let mut main = vec![usize::MAX; groups];
        for (i, &k) in label.iter().enumerate() {
            let kept = main[k];
            if kept == usize::MAX || sizes[piece[i]] > sizes[kept] {
                main[k] = piece[i];
            }
        }
        let stray = (0..label.len()).find(|&i| piece[i] != main[label[i]]);
        let Some(stray) = stray else { return };
        let members: Vec<usize> = (0..label.len())
            .filter(|&i| piece[i] == piece[stray])
            .collect();
        let mut touches = vec![0_usize; groups];
        for &member in &members {
            for &other in &neighbours[member] {
                if piece[other] != piece[stray] {
                    touches[label[other]] += 1;
                }
            }
        }
        let Some(to) = (0..groups)
            .max_by_key(|&k| touches[k])
            .filter(|&k| touches[k] > 0)
        else {
            return;
        };
        for member in members {
            label[member] = to;
        }
    }
}

/// The connected piece that each member is in, and the pieces' sizes.
fn pieces(label: &[usize], neighbours: &[Vec<usize>]) -> (Vec<usize>, Vec<usize>) {
    let mut piece = vec![usize::MAX; label.len()];
    let mut sizes = Vec::new();
    for start in 0..label.len() {
        if piece[start] != usize::MAX {
            continue;
        }
        let id = sizes.len();
        let mut size = 0;
        let mut open = vec![start];
        piece[start] = id;
        while let Some(i) = open.pop() {
            size += 1;
            for &j in &neighbours[i] {
                if piece[j] == usize::MAX && label[j] == label[i] {
                    piece[j] = id;
                    open.push(j);
                }
            }
        }
        sizes.push(size);
    }
    (piece, sizes)
}
