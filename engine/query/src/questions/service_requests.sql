SELECT
    id, source, channel, kind, category, category_path, requested_at, received_at, dispatched_at, due_at, closed_at, status,
    urgency, agency, lon, lat, address, h3_cell_to_string(cell) AS cell, district, subdistrict, community, grid,
    location_quality, contacted, resolved, satisfaction, repeat_of, tags
FROM complaints
WHERE :wanted
ORDER BY requested_at DESC, source, id
LIMIT $limit OFFSET $offset
