SELECT
    source, datastream, id, property, unit, phenomenon_time, result_time, received_at, result, quality, doubt, lon, lat,
    concat(datastream, chr(31), coalesce(id, '')) AS key
FROM observations
WHERE coalesce(sensor, datastream) = $sensor
  AND :filter
ORDER BY phenomenon_time DESC, source, key
LIMIT $limit
