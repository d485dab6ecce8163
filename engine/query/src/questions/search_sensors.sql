SELECT
    coalesce(sensor, datastream) AS sensor,
    max(property) AS property,
    max(phenomenon_time) AS latest,
    last_value(lon ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS lon,
    last_value(lat ORDER BY phenomenon_time) FILTER (WHERE lon IS NOT NULL) AS lat
FROM observations
WHERE contains(lower(coalesce(sensor, datastream)), $wanted)
GROUP BY 1
ORDER BY 1
LIMIT $limit
