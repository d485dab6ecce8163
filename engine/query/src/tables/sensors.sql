-- One row for each sensor: where it was last, and what it has told.
SELECT
    coalesce(sensor, datastream) AS sensor,
    last_value(lon ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS lon,
    last_value(lat ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS lat,
    last_value(cell ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS cell,
    last_value(district ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS district,
    last_value(subdistrict ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS subdistrict,
    last_value(community ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS community,
    last_value(grid ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS grid,
    count(DISTINCT datastream) AS datastreams,
    count(*) AS observations,
    min(phenomenon_time) AS first_at,
    max(phenomenon_time) AS last_at
FROM observations
GROUP BY 1
