use super::*;

fn series(place: u32, kind: u32, events: f64) -> Series {
    Series {
        place,
        kind,
        events,
        values: Vec::new(),
    }
}

#[test]
fn a_series_is_compared_with_its_category_unless_it_is_half_of_it() {
    let kinds = [vec![40.0, 60.0], vec![5.0, 95.0]];
    let whole = vec![45.0, 155.0];
    let all = [
        series(0, 0, 30.0),
        series(1, 0, 49.0),
        series(0, 1, 60.0),
        series(1, 1, 40.0),
    ];
    let groups = groups(&all, &kinds, &whole, true);
    assert_eq!(
        groups,
        [
            (Some(kinds[0].as_slice()), vec![0, 1]),
            (Some(kinds[1].as_slice()), vec![3]),
            (Some(whole.as_slice()), vec![2]),
        ]
    );
}

#[test]
fn without_a_reference_all_series_stand_for_themselves() {
    let all = [series(0, 0, 30.0), series(1, 1, 49.0)];
    assert_eq!(
        groups(&all, &[vec![30.0], vec![49.0]], &[79.0], false),
        [(None, vec![0, 1])]
    );
}
