SELECT source, minute, count(*) AS records
FROM (
    SELECT source, date_trunc('minute', received_at) AS minute FROM complaints WHERE received_at >= $from
    UNION ALL
    SELECT source, date_trunc('minute', received_at) FROM complaint_events WHERE received_at >= $from
    UNION ALL
    SELECT source, date_trunc('minute', received_at) FROM observations WHERE received_at >= $from
) AS received
GROUP BY source, minute
ORDER BY minute, source
LIMIT 200000
