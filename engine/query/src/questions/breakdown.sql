SELECT :key AS key, count(*) AS value
FROM complaints
WHERE :filter
GROUP BY :key
ORDER BY value DESC, key NULLS LAST
