SELECT
    count(*) AS complaints,
    min(requested_at) AS first_at,
    max(requested_at) AS last_at,
    max(received_at) AS received_at
FROM complaints
