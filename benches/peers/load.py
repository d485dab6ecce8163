"""The peers' seeded city as `citybrain init` reads it, and a source profile for their complaints.

python load.py DATA_FOLDER OUT_FOLDER      (needs pyarrow and shapely)
citybrain init --city OUT_FOLDER/city.toml --state-dir STATE
citybrain import --source OUT_FOLDER/peers.toml --state-dir STATE DATA_FOLDER/complaints.parquet
"""
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import shapely

data, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
LEVELS = [("district", "districts", "city"), ("subdistrict", "streets", "district"), ("community", "communities", "subdistrict")]
city = ['name = "Peers"', 'time_zone = "UTC"', "base_resolution = 9", 'languages = ["en"]', ""]
for level, file, parent in LEVELS:
    table = pq.read_table(data / f"{file}.parquet")
    with open(out / f"{level}.geojsonl", "w") as to:
        for id, above, wkb in zip(*(table[name].to_pylist() for name in ("id", "parent", "wkb"))):
            area = {
                "type": "Feature",
                "properties": {"id": str(id), "name": f"{level} {id}", "above": str(above)},
                "geometry": json.loads(shapely.to_geojson(shapely.from_wkb(wkb))),
            }
            to.write(json.dumps(area) + "\n")
    city += ["[[level]]", f'level = "{level}"', f'name = {{ en = "{level}" }}', "[[level.boundary]]",
             f'file = "{level}.geojsonl"', 'id = "id"', 'label = "name"',
             f'parent = "{"city" if parent == "city" else "above"}"', 'crs = "wgs84"', ""]
(out / "city.toml").write_text("\n".join(city))
(out / "peers.toml").write_text("""title = "The complaints that the peers hold"
record = "complaint"
format = "parquet"
zone = "UTC"
place_by_name = false

[position]
crs = "wgs84"

[fields]
id = "id"
requested_at = "created"
closed_at = "closed"
category = "category"
channel = "channel"
lon = "lon"
lat = "lat"

[fields.status]
column = "status"
map = { open = "open", assigned = "dispatched", resolved = "answered", closed = "closed", rejected = "withdrawn" }
""")
