SELECT
    source,
    datastream,
    max(sensor) AS sensor,
    max(property) AS property,
    max(unit) AS unit,
    min(phenomenon_time) AS first_time,
    max(phenomenon_time) AS last_time,
    min(result_time) AS result_first,
    max(result_time) AS result_last,
    min(lon) AS west,
    min(lat) AS south,
    max(lon) AS east,
    max(lat) AS north,
    count(*) AS count
FROM observations
GROUP BY source, datastream
