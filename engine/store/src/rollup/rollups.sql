CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS places (
    id INTEGER PRIMARY KEY,
    cell INTEGER NOT NULL, -- 0 for none
    district INTEGER NOT NULL, -- texts, 0 for none
    subdistrict INTEGER NOT NULL,
    community INTEGER NOT NULL,
    area_grid INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS kinds (
    id INTEGER PRIMARY KEY,
    category INTEGER NOT NULL, -- texts, 0 for none
    category_path INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    status INTEGER NOT NULL
) STRICT;
-- The counts of one file of the lake; the number of its rows, which the counts add up to.
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, entries BLOB NOT NULL) STRICT;
