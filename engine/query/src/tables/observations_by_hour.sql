-- One row for each datastream and hour.
SELECT
    source,
    datastream,
    max(sensor) AS sensor,
    max(property) AS property,
    max(unit) AS unit,
    date_trunc('hour', phenomenon_time) AS hour,
    count(result) AS observations,
    sum(result) AS sum,
    min(result) AS least,
    max(result) AS greatest,
    avg(result) AS mean,
    max(lon) AS lon,
    max(lat) AS lat,
    max(cell) AS cell,
    max(district) AS district,
    max(subdistrict) AS subdistrict,
    max(community) AS community,
    max(grid) AS grid
FROM observations
WHERE result IS NOT NULL AND quality <> 'doubtful'
GROUP BY source, datastream, date_trunc('hour', phenomenon_time)
