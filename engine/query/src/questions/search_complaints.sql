SELECT id, source, category, status, requested_at, address, lon, lat, h3_cell_to_string(cell) AS cell
FROM complaints
WHERE starts_with(id, $wanted)
ORDER BY id = $wanted DESC, requested_at DESC, source, id
LIMIT $limit
