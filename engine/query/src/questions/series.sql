SELECT local_bin($bin, requested_at) AS bin, count(*) AS value
FROM complaints
WHERE :filter
GROUP BY local_bin($bin, requested_at)
ORDER BY bin
