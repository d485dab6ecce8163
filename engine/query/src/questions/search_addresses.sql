SELECT
    address,
    count(*) AS complaints,
    max(requested_at) AS latest,
    first_value(lon ORDER BY requested_at DESC) FILTER (WHERE lon IS NOT NULL) AS lon,
    first_value(lat ORDER BY requested_at DESC) FILTER (WHERE lon IS NOT NULL) AS lat
FROM complaints
WHERE contains(lower(address), $wanted)
GROUP BY address
ORDER BY complaints DESC, address
LIMIT $limit
