-- One row for each source: how many records of each kind it has sent, how many were refused, and when the last one came in.
SELECT
    source,
    CAST(sum(complaints) AS BIGINT) AS complaints,
    CAST(sum(complaint_events) AS BIGINT) AS complaint_events,
    CAST(sum(observations) AS BIGINT) AS observations,
    CAST(sum(rejected) AS BIGINT) AS rejected,
    max(received_at) AS received_at
FROM (
    SELECT
        source, count(*) AS complaints, 0 AS complaint_events, 0 AS observations, 0 AS rejected,
        max(received_at) AS received_at
    FROM complaints GROUP BY source
    UNION ALL
    SELECT source, 0, count(*), 0, 0, max(received_at) FROM complaint_events GROUP BY source
    UNION ALL
    SELECT source, 0, 0, count(*), 0, max(received_at) FROM observations GROUP BY source
    UNION ALL
    SELECT source, 0, 0, 0, count(*), max(received_at) FROM rejected GROUP BY source
) AS counted
GROUP BY source
