SELECT cell, :level AS area, count(*) AS value
FROM complaints
WHERE cell IS NOT NULL
  AND :level IS NOT NULL
  AND :filter
GROUP BY cell, :level
ORDER BY value DESC, cell, area
LIMIT $limit
