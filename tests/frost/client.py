"""What a client that we did not write does with the SensorThings API: frost_sta_client of Fraunhofer IOSB."""

import sys

import frost_sta_client as fsc
import jsonpatch

service = fsc.SensorThingsService(sys.argv[1] + "/sta/v1.1")
if len(sys.argv) > 2:
    # With keys: the secret is the password.
    service.auth_handler = fsc.AuthHandler("feeds", sys.argv[2])

point = {"type": "Point", "coordinates": [0.25, 0.5]}
location = fsc.Location(name="here", description="here", encoding_type="application/geo+json", location=point)
thing = fsc.Thing(name="station 7", description="air station", properties={"floor": 2}, locations=[location])
service.create(thing)
assert isinstance(thing.id, int), thing.id
sensor = fsc.Sensor(name="nose", description="nose", encoding_type="text/plain", metadata="none")
service.create(sensor)
observed = fsc.ObservedProperty(name="PM10", description="dust", definition="http://example.org/pm10")
service.create(observed)
unit = fsc.UnitOfMeasurement(name="microgram", symbol="µg/m³", definition="ucum:ug/m3")
stream = fsc.Datastream(
    name="dust", description="dust at the station",
    observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
    unit_of_measurement=unit, thing=thing, sensor=sensor, observed_property=observed,
)
service.create(stream)

first = fsc.Observation(result=40.5, phenomenon_time="2026-05-04T08:00:00Z", datastream=stream)
service.create(first)
assert first.id, "an observation has an id"
values = fsc.model.ext.data_array_value.DataArrayValue()
values.datastream = stream
names = {values.Property.PHENOMENON_TIME, values.Property.RESULT}
values.components = names
for minute in range(1, 31):
    values.add_observation(fsc.Observation(
        result=float(minute), phenomenon_time=f"2026-05-04T08:{minute:02}:00Z", datastream=stream,
    ))
document = fsc.model.ext.data_array_document.DataArrayDocument()
document.add_data_array_value(values)
links = service.observations().create(document)
assert len(links) == 30 and all("Observations(" in link.self_link for link in links), links

found = service.observations().find(first.id)
assert found.result == 40.5, found.result
pages = service.observations().query().filter("result gt 20").orderby("phenomenonTime", "ASC").top(4).count().list()
assert pages.count == 11, pages.count
results = [observation.result for observation in pages]
assert results == [40.5] + [float(n) for n in range(21, 31)], results

things = service.things().query().filter("name eq 'station 7'").expand("Locations,Datastreams($expand=ObservedProperty)").list()
assert [thing.name for thing in things] == ["station 7"]
seven = service.things().find(thing.id)
assert seven.properties == {"floor": 2}
streams = list(seven.get_datastreams().query().list())
assert [stream.name for stream in streams] == ["dust"]

service.patch(seven, jsonpatch.JsonPatch([
    {"op": "replace", "path": "/description", "value": "moved"},
    {"op": "add", "path": "/properties/owner", "value": "city"},
    {"op": "remove", "path": "/properties/floor"},
]))
seven = service.things().find(thing.id)
assert (seven.description, seven.properties) == ("moved", {"owner": "city"}), seven.properties
seven.name = "station 7b"
seven.description = "renamed"
service.update(seven)
assert service.things().find(thing.id).name == "station 7b"

service.delete(first)
try:
    service.observations().find(first.id)
    raise AssertionError("it was deleted")
except Exception as error:
    assert getattr(error, "response", None) is not None and error.response.status_code == 404, error
service.delete(seven)
assert len(list(service.datastreams().query().filter("name eq 'dust'").list())) == 0
print("ok")
