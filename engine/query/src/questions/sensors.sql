WITH latest AS (
    SELECT source, datastream, max(phenomenon_time) AS phenomenon_time
    FROM observations
    WHERE result IS NOT NULL
    GROUP BY source, datastream
)
SELECT
    coalesce(told.sensor, told.datastream) AS sensor,
    told.source,
    told.datastream,
    told.property,
    told.unit,
    told.phenomenon_time,
    told.result,
    told.quality,
    told.lon,
    told.lat
FROM observations AS told
JOIN latest
    ON told.source = latest.source
    AND told.datastream = latest.datastream
    AND told.phenomenon_time = latest.phenomenon_time
WHERE told.result IS NOT NULL
ORDER BY sensor, source, datastream, told.received_at DESC, told.id
