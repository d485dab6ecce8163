use chrono::{TimeZone as _, Utc};
use citybrain_model::{ComplaintDraft, Position};

use super::*;
use crate::place::made::{self, Made};
use crate::place::{GazetteerEntry, GazetteerKind};

/// Two districts a degree wide from 116° E on, their subdistricts a tenth.
fn names() -> PlaceNames {
    let city = Arc::new(made::city(&[
        Made::new(
            "1",
            "朝阳区",
            &[
                Made::new("11", "八里庄街道", &[]),
                Made::new("12", "东风乡", &[]),
            ],
        ),
        Made::new("2", "海淀区", &[Made::new("21", "八里庄街道", &[])]),
    ]));
    let entry = |name: &str, lon| GazetteerEntry {
        name: name.to_owned(),
        position: Position::try_new(lon, 39.5).unwrap(),
        radius_m: None,
        kind: GazetteerKind::Estate,
        area: None,
    };
    let entries = [
        entry("恩济花园", 116.05),
        entry("阳光小区", 116.06),
        entry("阳光小区", 117.06),
    ];
    let gazetteer = Gazetteer::try_new(entries, &city).unwrap();
    let declared = DeclaredAreas::of(&city);
    PlaceNames::new(city, declared, Some(gazetteer))
}

fn complaint(declared: [&str; 3], address: &str, text: &str) -> Complaint {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let requested_at = Utc.with_ymd_and_hms(2026, 5, 1, 4, 0, 0).unwrap();
    Complaint::try_new(
        ComplaintDraft {
            source: some("hotline"),
            id: some("1"),
            requested_at: Some(requested_at),
            declared: declared.map(some),
            address: some(address),
            text: some(text),
            ..ComplaintDraft::default()
        },
        requested_at,
    )
    .unwrap()
}

/// Quality, longitude, radius, areas joined by a slash.
fn told(complaint: &Complaint) -> (&'static str, Option<f64>, Option<f64>, String) {
    let areas = complaint
        .areas
        .each_ref()
        .map(|id| id.as_deref().unwrap_or(""));
    (
        complaint.location_quality.as_str(),
        complaint.position.map(Position::lon),
        complaint.location_radius_m,
        areas[..2].join("/"),
    )
}

#[rstest::rstest]
#[case::the_deepest_area(["海淀", "八里庄", ""], "", "", ("area", None, None, "2/21"))]
#[case::the_shared_one(["朝阳区", "无此街道", ""], "", "", ("area", None, None, "1/"))]
#[case::an_estate_in_the_area(["朝阳区", "八里庄街道", ""], "恩济花园3号楼", "", ("gazetteer", Some(116.05), Some(300.0), "/"))]
#[case::an_estate_elsewhere(["海淀区", "", ""], "恩济花园3号楼", "", ("area", None, None, "2/"))]
#[case::the_declared_of_two(["海淀区", "", ""], "阳光小区", "", ("gazetteer", Some(117.06), Some(300.0), "/"))]
#[case::the_text_after_the_address(["", "", ""], "3号楼", "恩济花园噪声", ("gazetteer", Some(116.05), Some(300.0), "/"))]
#[case::two_of_one_name(["", "", ""], "阳光小区", "恩济花园", ("none", None, None, "/"))]
#[case::nothing(["", "", ""], "", "噪声", ("none", None, None, "/"))]
fn a_record_without_a_position_is_placed_as_far_as_its_names_tell(
    #[case] declared: [&str; 3],
    #[case] address: &str,
    #[case] text: &str,
    #[case] expected: (&'static str, Option<f64>, Option<f64>, &str),
) {
    let mut complaint = complaint(declared, address, text);
    names().place(&mut complaint, &mut Notes::default());
    let (quality, lon, radius_m, areas) = told(&complaint);
    assert_eq!((quality, lon, radius_m, areas.as_str()), expected);
}

#[test]
fn a_record_with_a_position_never_loses_it() {
    for default_location in [false, true] {
        let draft = ComplaintDraft {
            source: Some("hotline".to_owned()),
            id: Some("1".to_owned()),
            requested_at: Some(Utc.with_ymd_and_hms(2026, 5, 1, 4, 0, 0).unwrap()),
            lon: Some(117.0),
            lat: Some(39.5),
            default_location,
            declared: [Some("朝阳区".to_owned()), None, None],
            address: Some("恩济花园".to_owned()),
            ..ComplaintDraft::default()
        };
        let mut complaint =
            Complaint::try_new(draft, Utc.with_ymd_and_hms(2026, 5, 1, 5, 0, 0).unwrap()).unwrap();
        let before = complaint.clone();
        names().place(&mut complaint, &mut Notes::default());
        assert_eq!(complaint, before);
    }
}

#[test]
fn what_is_not_told_is_noted() {
    let mut notes = Notes::default();
    let names = names();
    names.place(
        &mut complaint(["海淀区", "无此街道", ""], "", ""),
        &mut notes,
    );
    names.place(&mut complaint(["", "八里庄街道", ""], "", ""), &mut notes);
    names.place(&mut complaint(["海淀区", "东风乡", ""], "", ""), &mut notes);
    names.place(&mut complaint(["", "", ""], "阳光小区", ""), &mut notes);
    names.place(&mut complaint(["", "", ""], "恩济花园", ""), &mut notes);
    assert_eq!(notes.get("declared_unknown"), 1);
    assert_eq!(
        notes.get("declared_ambiguous") + notes.get("declared_contradictory"),
        2
    );
    assert_eq!(notes.get(GAZETTEER_AMBIGUOUS), 1);
    assert_eq!(notes.get(BY_GAZETTEER), 1);
}
