SELECT
    coalesce(area.id, counted.id) AS id,
    area.name,
    area.parent,
    area.population,
    area.area_km2,
    area.lon,
    area.lat,
    coalesce(counted.placed, 0) AS placed,
    coalesce(counted.records, 0) AS records,
    :value AS value
FROM (
    SELECT * FROM areas WHERE level = $level AND valid_to IS NULL
) AS area
FULL JOIN :counted AS counted ON area.id = counted.id
ORDER BY id
