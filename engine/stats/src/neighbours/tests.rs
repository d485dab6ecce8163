use super::*;

#[test]
fn pairs_are_mutual_and_counted_once() {
    let neighbours = Neighbours::from_pairs(4, [(0, 1), (1, 0), (2, 2), (1, 2)]).unwrap();
    assert_eq!(neighbours.cells(), 4);
    let rows: Vec<&[u32]> = (0..5).map(|cell| neighbours.of(cell)).collect();
    assert_eq!(rows, [&[1][..], &[0, 2], &[1], &[], &[]]);
    let same = Neighbours::try_new(vec![0, 1, 3, 4, 4], vec![1, 0, 2, 1]).unwrap();
    assert_eq!(neighbours, same);
}

#[test]
fn what_is_left_is_numbered_anew() {
    let neighbours = Neighbours::from_pairs(4, [(0, 1), (1, 2), (2, 3), (0, 3)]).unwrap();
    let left = neighbours.among(&[true, false, true, true]);
    assert_eq!(left, Neighbours::from_pairs(3, [(1, 2), (0, 2)]).unwrap());
}

#[test]
fn broken_lists_are_refused() {
    let try_new = |offsets: &[usize], targets: &[u32]| {
        Neighbours::try_new(offsets.to_vec(), targets.to_vec()).unwrap_err()
    };
    assert_eq!(
        try_new(&[], &[]),
        NeighboursError::Offset { at: 0, targets: 0 }
    );
    assert_eq!(
        try_new(&[0, 2], &[1]),
        NeighboursError::Offset { at: 1, targets: 1 }
    );
    assert_eq!(
        try_new(&[0, 2, 1, 2], &[1, 2]),
        NeighboursError::Offset { at: 2, targets: 2 }
    );
    assert_eq!(
        try_new(&[0, 9, 1], &[1]),
        NeighboursError::Offset { at: 1, targets: 1 }
    );
    assert_eq!(
        try_new(&[0, 1, 1], &[2]),
        NeighboursError::Unknown {
            cell: 0,
            neighbour: 2,
            cells: 2
        }
    );
    assert_eq!(
        try_new(&[0, 1, 1], &[0]),
        NeighboursError::Itself { cell: 0 }
    );
    assert_eq!(
        try_new(&[0, 2, 2, 2], &[2, 1]),
        NeighboursError::Order { cell: 0 }
    );
    assert_eq!(
        Neighbours::from_pairs(1, [(0, 1)]),
        Err(NeighboursError::Unknown {
            cell: 0,
            neighbour: 1,
            cells: 1
        })
    );
    assert_eq!(Neighbours::try_new(vec![0], vec![]).unwrap().cells(), 0);
}
