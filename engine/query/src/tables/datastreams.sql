-- One row for each datastream: what it measures, and how much it has told.
SELECT
    source,
    datastream,
    max(coalesce(sensor, datastream)) AS sensor,
    max(property) AS property,
    max(unit) AS unit,
    count(*) AS observations,
    min(phenomenon_time) AS first_at,
    max(phenomenon_time) AS last_at
FROM observations
GROUP BY source, datastream
