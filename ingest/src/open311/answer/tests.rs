use std::path::{Path, PathBuf};

use citybrain_model::Complaint;
use citybrain_store::Batch;
use rstest::rstest;

use super::*;
use crate::import::tests::context;

fn decode(bytes: &[u8], format: Open311Format) -> Result<(Decoded, u64), AnswerError> {
    decode_answer(
        bytes,
        format,
        &Profile::load("open311").unwrap(),
        &context(),
    )
}

fn complaints(decoded: &Decoded) -> &[Complaint] {
    assert!(decoded.refused.is_empty(), "{:?}", decoded.refused);
    match &decoded.batch {
        Batch::Complaints(complaints) => complaints,
        other => panic!("{other:?}"),
    }
}

const REQUEST: &str = "<?xml version='1.0' encoding='utf-8'?>
<service_requests><request>
  <service_request_id>638344</service_request_id><status>closed</status><service_name>Sidewalk &amp; Curb</service_name>
  <description></description><requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime>
  <lat>37.762221815</lat><long>-122.4651145</long><media_url>http://city.gov/638344.jpg </media_url>
</request></service_requests>";

#[test]
fn a_request_in_xml_is_a_complaint() {
    let (decoded, read) = decode(REQUEST.as_bytes(), Open311Format::Xml).unwrap();
    let complaint = &complaints(&decoded)[0];
    assert_eq!(read, 1);
    assert_eq!(complaint.id, "638344");
    assert_eq!(complaint.category.as_deref(), Some("Sidewalk & Curb"));
    assert_eq!(
        complaint.requested_at.to_rfc3339(),
        "2010-04-14T14:37:38+00:00"
    );
    assert!((complaint.position.unwrap().lon() + 122.465_114_5).abs() < 1e-9);
    assert_eq!(complaint.text, None);
}

#[test]
fn a_request_that_has_no_id_yet_is_left_out() {
    let numbered = r#"{"service_request_id": 1, "requested_datetime": "2026-11-01T00:00:00Z", "service_name": "x"}"#;
    let answer =
        format!(r#"[{numbered}, {{"token": "t", "requested_datetime": "2026-11-01T00:00:00Z"}}]"#);
    let (decoded, read) = decode(answer.as_bytes(), Open311Format::Json).unwrap();
    assert_eq!((complaints(&decoded).len(), read), (1, 2));
}

#[rstest]
#[case(b" [ ] ", Open311Format::Json)]
#[case(b"<service_requests/>", Open311Format::Xml)]
#[case(b"<service_requests></service_requests>", Open311Format::Xml)]
fn an_answer_without_requests_is_no_fault(#[case] answer: &[u8], #[case] format: Open311Format) {
    let (decoded, read) = decode(answer, format).unwrap();
    assert!(decoded.batch.is_empty() && read == 0);
}

#[rstest]
#[case::quirk_of_offset_and_z("2010-12-23T10:20:00-0700Z", "2010-12-23T17:20:00+00:00")]
#[case::offset_without_colon("2010-12-23T10:20:00-0700", "2010-12-23T17:20:00+00:00")]
#[case::with_blank("2010-12-23 10:20:00 -0700", "2010-12-23T17:20:00+00:00")]
fn times_of_other_servers_are_read(#[case] written: &str, #[case] instant: &str) {
    let answer = REQUEST.replace("2010-04-14T06:37:38-08:00", written);
    let (decoded, _) = decode(answer.as_bytes(), Open311Format::Xml).unwrap();
    assert_eq!(complaints(&decoded)[0].requested_at.to_rfc3339(), instant);
}

#[test]
fn a_bomb_of_entities_and_a_tower_of_elements_are_refused() {
    let bomb = "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]><service_requests><request><x>&b;</x></request></service_requests>";
    let error = decode(bomb.as_bytes(), Open311Format::Xml).unwrap_err();
    assert!(error.to_string().contains("document type"), "{error}");
    let undeclared = REQUEST.replace("&amp;", "&b;");
    let error = decode(undeclared.as_bytes(), Open311Format::Xml).unwrap_err();
    assert!(error.to_string().contains("entity"), "{error}");
    let tower = "<a>".repeat(100_000);
    assert!(decode(tower.as_bytes(), Open311Format::Xml).is_err());
    let cut = REQUEST.get(..REQUEST.len() - 30).unwrap();
    assert!(decode(cut.as_bytes(), Open311Format::Xml).is_err());
    #[expect(clippy::format_collect, reason = "once, in a test")]
    let wide = format!(
        "<service_requests><request>{}</request></service_requests>",
        (0..1000)
            .map(|n| format!("<a{n}>1</a{n}>"))
            .collect::<String>()
    );
    assert!(decode(wide.as_bytes(), Open311Format::Xml).is_err());
}

#[test]
fn bytes_in_another_encoding_are_read_by_the_declared_one() {
    let latin = REQUEST
        .replace("utf-8", "ISO-8859-1")
        .replace("Sidewalk", "Gehweg-Sch\u{e4}den");
    let bytes: Vec<u8> = latin
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let (decoded, _) = decode(&bytes, Open311Format::Xml).unwrap();
    let category = complaints(&decoded)[0].category.as_deref().unwrap();
    assert!(category.starts_with("Gehweg-Schäden"), "{category}");
}

fn real(file: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("CITYBRAIN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let read = std::fs::read(root.join("payloads-open311").join(file)).ok();
    if read.is_none() {
        println!("skipped: no real data");
    }
    read
}

#[test]
fn real_answers_are_read_with_their_quirks() {
    if let Some(bytes) = real("sf-open311dashboard/ServiceRequests_By_Zip_Slice.json") {
        let (decoded, read) = decode(&bytes, Open311Format::Json).unwrap();
        let complaints = complaints(&decoded);
        assert_eq!((complaints.len(), read), (73, 73));
        let first = &complaints[0];
        assert_eq!(
            (first.id.as_str(), first.position.unwrap().lon()),
            ("771864", -122.42266)
        );
        // Of two members of one name the first counts, and the text "null" is no date.
        assert_eq!(first.due_at, None);
        assert!(complaints[1].due_at.is_some());
        assert_eq!(
            first.address.as_deref(),
            Some("765  SAN JOSE AVE SAN FRANCISCO , CA")
        );
    }
    for (file, requests) in [("service-request.xml", 1), ("service-requests.xml", 2)] {
        if let Some(bytes) = real(&format!("node-open311-mocks/{file}")) {
            let (decoded, _) = decode(&bytes, Open311Format::Xml).unwrap();
            assert_eq!(complaints(&decoded).len(), requests);
        }
    }
    // Answers to other questions hold no request.
    for file in [
        "token.xml",
        "boston-submitrequest-token.xml",
        "discovery-dc.xml",
        "dc-services.xml",
    ] {
        if let Some(bytes) = real(&format!("node-open311-mocks/{file}")) {
            let (decoded, _) = decode(&bytes, Open311Format::Xml).unwrap();
            assert!(decoded.batch.is_empty(), "{file}");
        }
    }
}
