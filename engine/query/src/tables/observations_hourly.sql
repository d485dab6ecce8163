-- One row for each datastream and hour: of what is there one by one, and of what is kept by the hour alone.
WITH parts AS (
    SELECT
        source, datastream, sensor, property, unit, date_trunc('hour', phenomenon_time) AS hour,
        CAST(1 AS BIGINT) AS observations, result AS sum, result AS least, result AS greatest,
        lon, lat, cell, district, subdistrict, community, grid
    FROM observations
    WHERE result IS NOT NULL AND quality <> 'doubtful'
    UNION ALL
    SELECT
        source, datastream, sensor, property, unit, hour,
        observations, sum, least, greatest,
        lon, lat, CAST(cell AS BIGINT UNSIGNED) AS cell, district, subdistrict, community, grid
    FROM observations_hourly_kept
)
SELECT
    source,
    datastream,
    max(sensor) AS sensor,
    max(property) AS property,
    max(unit) AS unit,
    hour,
    sum(observations) AS observations,
    sum(sum) AS sum,
    min(least) AS least,
    max(greatest) AS greatest,
    sum(sum) / sum(observations) AS mean,
    max(lon) AS lon,
    max(lat) AS lat,
    max(cell) AS cell,
    max(district) AS district,
    max(subdistrict) AS subdistrict,
    max(community) AS community,
    max(grid) AS grid
FROM parts
GROUP BY source, datastream, hour
