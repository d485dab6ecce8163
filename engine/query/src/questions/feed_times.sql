SELECT source, received_at
FROM feeds
WHERE received_at IS NOT NULL
ORDER BY source
LIMIT 1000
