use std::ops::ControlFlow;

use citybrain_store::Batch;

use super::*;
use crate::{
    decode::Decoded,
    import::tests::{Memory, context},
    rows::{Format, read_bytes},
};

fn decoded(profile: &Arc<Profile>, bytes: &[u8], format: Format) -> Decoded {
    let mut reader = Decoder::new(Arc::clone(profile), &context());
    let mut decoded = Decoded::empty(profile.record);
    read_bytes(bytes, format, &profile.shape(), &mut |chunk| {
        decoded.extend(reader.chunk(&chunk).unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    decoded
}

fn boston(changes: &str) -> Arc<Profile> {
    Arc::new(Profile::parse("boston-311", &format!("base = \"boston-311\"\n{changes}")).unwrap())
}

#[test]
fn a_row_whose_form_of_time_was_unknown_becomes_the_record_that_it_would_have_been() {
    let csv = b"case_enquiry_id,open_dt,location_zipcode,latitude,longitude\n1,01.07.2011,2121.0,42.3,-71.1\n2,noon,,,\n";
    let refused = decoded(&boston(""), csv, Format::Csv).refused;
    assert_eq!(refused.len(), 2);
    let learned = boston("times = [\"%d.%m.%Y\"]\n");
    let mut store = Memory::default();
    let replayed = replay(&mut store, &refused, &learned, &context()).unwrap();
    assert_eq!(
        (
            replayed.summary.read,
            replayed.summary.accepted,
            replayed.summary.rejected
        ),
        (2, 1, 1)
    );
    assert!(replayed.refusals[0].is_none());
    assert_eq!(
        replayed.refusals[1].as_ref().map(|refusal| &*refusal.rule),
        Some("time")
    );
    let Batch::Complaints(direct) = decoded(&learned, csv, Format::Csv).batch else {
        panic!("complaints")
    };
    assert_eq!(store.complaints.into_values().collect::<Vec<_>>(), direct);
    assert_eq!(store.refused, [], "what is refused again is not kept twice");
}

#[test]
fn bytes_that_were_no_text_are_kept_and_read_when_the_profile_names_their_encoding() {
    let (bytes, _, _) =
        encoding_rs::GB18030.encode("case_enquiry_id,open_dt,type\n1,2011-07-01 01:32:33,噪声\n");
    let refused = decoded(&boston(""), &bytes, Format::Csv).refused;
    assert_eq!(&*refused[0].refusal.rule, "encoding");
    let mut store = Memory::default();
    let again = replay(&mut store, &refused, &boston(""), &context()).unwrap();
    assert_eq!(again.refusals[0].as_ref(), Some(&refused[0].refusal));
    let learned = boston("encoding = \"gb18030\"\n");
    let replayed = replay(&mut store, &refused, &learned, &context()).unwrap();
    assert_eq!(replayed.summary.accepted, 1);
    let made = store.complaints.into_values().next().unwrap();
    assert_eq!(made.category.as_deref(), Some("噪声"));
}

#[test]
fn a_value_of_a_wide_row_is_replayed_alone() {
    let csv = b"year,month,day,hour,PM2.5,PM10,station\n2013,3,1,0,4,1O,Changping\n";
    let profile = Profile::load("beijing-air").unwrap();
    let refused = decoded(&profile, csv, Format::Csv).refused;
    assert_eq!(refused.len(), 1);
    let mut fixed = refused;
    fixed[0].raw = fixed[0].raw.replace("1O", "10");
    let mut store = Memory::default();
    let replayed = replay(&mut store, &fixed, &profile, &context()).unwrap();
    assert_eq!(replayed.summary.read, 1);
    let made: Vec<_> = store
        .observations
        .into_values()
        .map(|made| (made.datastream, made.result))
        .collect();
    assert_eq!(made, [("Changping/PM10".to_owned(), Some(10.0))]);
}

#[test]
fn rows_without_columns_stay_refused_for_their_first_reason() {
    let profile = Profile::load("citybrain").unwrap();
    let mut refused = decoded(&profile, b"id,requested_at\n1\n", Format::Csv).refused;
    refused.extend(decoded(&profile, b"no json\n", Format::Ndjson).refused);
    let mut store = Memory::default();
    let replayed = replay(&mut store, &refused, &profile, &context()).unwrap();
    let rules: Vec<_> = replayed
        .refusals
        .iter()
        .flatten()
        .map(|refusal| &*refusal.rule)
        .collect();
    assert_eq!(rules, ["columns", "json"]);
    assert_eq!((replayed.summary.rejected, store.appends), (2, 0));
}

#[test]
fn a_row_of_a_body_is_replayed_under_its_own_source() {
    let profile = Profile::load("http").unwrap();
    let mut refused = decoded(
        &profile,
        br#"{"id":"1","requested_at":"2024-01-01 00:00:00","tags":["a","b"]}"#,
        Format::Json,
    )
    .refused;
    assert_eq!(&*refused[0].refusal.rule, "zone");
    refused[0].source = "feed-7".to_owned();
    let learned = Arc::new(Profile::parse("http", "base = \"http\"\nzone = \"city\"\n").unwrap());
    let mut store = Memory::default();
    replay(&mut store, &refused, &learned, &context()).unwrap();
    let made = store.complaints.into_values().next().unwrap();
    assert_eq!(
        (made.source.as_str(), made.tags.as_slice()),
        ("feed-7", &["a".to_owned(), "b".to_owned()][..])
    );
}
