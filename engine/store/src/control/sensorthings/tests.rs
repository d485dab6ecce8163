use citybrain_model::{EntityId, EntityKind};

use super::*;
use crate::control::tests::open_in;

fn named(name: &str) -> Entity {
    let mut entity = Entity::default();
    entity.properties.insert("name".into(), name.into());
    entity
}

fn station(draft: &mut Draft<'_>) -> (EntityId, EntityId) {
    let thing = draft.add(EntityKind::Thing, named("station"));
    let place = draft.add(EntityKind::Location, named("roof"));
    draft.link(
        (EntityKind::Location, place),
        (EntityKind::Thing, thing.clone()),
    );
    let mut stream = named("PM10");
    stream.links.insert((EntityKind::Thing, thing.clone()));
    stream.stream = Some(Stream {
        source: "air".into(),
        datastream: "roof/PM10".into(),
    });
    let stream = draft.add(EntityKind::Datastream, stream);
    (thing, stream)
}

#[test]
fn entities_and_their_links_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let things = SensorThings::open(open_in(dir.path())).unwrap();
    let (thing, stream) = things
        .change(|draft| Ok::<_, ControlError>(station(draft)))
        .unwrap();
    let again = SensorThings::open(open_in(dir.path())).unwrap();
    for catalog in [things.catalog(), again.catalog()] {
        assert_eq!(
            catalog.linked(EntityKind::Thing, &thing, EntityKind::Datastream),
            std::slice::from_ref(&stream)
        );
        let place = &catalog.linked(EntityKind::Thing, &thing, EntityKind::Location)[0];
        assert_eq!(
            catalog.linked(EntityKind::Location, place, EntityKind::Thing),
            std::slice::from_ref(&thing)
        );
        assert_eq!(catalog.next(EntityKind::Thing), 2);
    }
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let things = SensorThings::open(open_in(dir.path())).unwrap();
    let (thing, _) = things
        .change(|draft| Ok::<_, ControlError>(station(draft)))
        .unwrap();
    let failed = things.change(|draft| {
        station(draft);
        draft.remove(EntityKind::Thing, &thing);
        Err::<(), _>(ControlError::Damaged {
            what: "nothing".into(),
        })
    });
    assert!(failed.is_err());
    let catalog = things.catalog();
    assert_eq!(catalog.count(EntityKind::Thing), 1);
    assert_eq!(catalog.count(EntityKind::Datastream), 1);
    assert_eq!(catalog.next(EntityKind::Thing), 2);
    assert_eq!(catalog.gone("").count(), 0);
}

#[test]
fn a_thing_takes_its_datastreams_with_it_and_leaves_its_places() {
    let dir = tempfile::tempdir().unwrap();
    let things = SensorThings::open(open_in(dir.path())).unwrap();
    let (thing, stream) = things
        .change(|draft| Ok::<_, ControlError>(station(draft)))
        .unwrap();
    let before = things.catalog();
    things
        .change(|draft| {
            draft.remove(EntityKind::Thing, &thing);
            Ok::<_, ControlError>(())
        })
        .unwrap();
    let again = SensorThings::open(open_in(dir.path())).unwrap();
    for catalog in [things.catalog(), again.catalog()] {
        assert!(catalog.get(EntityKind::Thing, &thing).is_none());
        assert!(catalog.get(EntityKind::Datastream, &stream).is_none());
        assert_eq!(catalog.count(EntityKind::Location), 1);
        assert!(catalog.is_gone("stream 3 air roof/PM10"));
        // Numbers are not given twice.
        assert_eq!(catalog.next(EntityKind::Thing), 2);
    }
    assert!(before.get(EntityKind::Thing, &thing).is_some());
}
