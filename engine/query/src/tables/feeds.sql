-- One row for each source: how many records of each kind it has sent, how many were refused, when the last one came in; and how it is: records
-- an hour within the last hour and within the week, seconds from event to receipt within the last hour, values that are doubtful, and whether it is quiet, which a
-- running server knows.
WITH counted AS (
    SELECT
        source, count(*) AS complaints, 0 AS complaint_events, 0 AS observations, 0 AS rejected, 0 AS doubtful,
        max(received_at) AS received_at,
        sum(CASE WHEN received_at > now() - INTERVAL '1 hour' THEN 1 ELSE 0 END) AS recent,
        sum(CASE WHEN received_at > now() - INTERVAL '7 days' THEN 1 ELSE 0 END) AS week,
        sum(CASE WHEN received_at > now() - INTERVAL '1 hour' THEN CAST(received_at AS BIGINT) - CAST(requested_at AS BIGINT) ELSE 0 END) AS lag
    FROM complaints GROUP BY source
    UNION ALL
    SELECT
        source, 0, count(*), 0, 0, 0,
        max(received_at),
        sum(CASE WHEN received_at > now() - INTERVAL '1 hour' THEN 1 ELSE 0 END),
        sum(CASE WHEN received_at > now() - INTERVAL '7 days' THEN 1 ELSE 0 END),
        sum(CASE WHEN received_at > now() - INTERVAL '1 hour' THEN CAST(received_at AS BIGINT) - CAST(at AS BIGINT) ELSE 0 END)
    FROM complaint_events GROUP BY source
    UNION ALL
    SELECT
        source, 0, 0, count(*), 0, sum(CASE WHEN quality = 'doubtful' THEN 1 ELSE 0 END),
        max(received_at),
        sum(CASE WHEN received_at > now() - INTERVAL '1 hour' THEN 1 ELSE 0 END),
        sum(CASE WHEN received_at > now() - INTERVAL '7 days' THEN 1 ELSE 0 END),
        sum(CASE WHEN received_at > now() - INTERVAL '1 hour' THEN CAST(received_at AS BIGINT) - CAST(phenomenon_time AS BIGINT) ELSE 0 END)
    FROM observations GROUP BY source
    UNION ALL
    SELECT source, 0, 0, 0, count(*), 0, max(received_at), 0, 0, 0 FROM rejected GROUP BY source
)
SELECT
    counted.source,
    CAST(sum(complaints) AS BIGINT) AS complaints,
    CAST(sum(complaint_events) AS BIGINT) AS complaint_events,
    CAST(sum(observations) AS BIGINT) AS observations,
    CAST(sum(rejected) AS BIGINT) AS rejected,
    max(received_at) AS received_at,
    CAST(sum(recent) AS DOUBLE) AS rate_now,
    CAST(sum(week) AS DOUBLE) / 168 AS rate_usual,
    sum(lag) / 1e6 / nullif(sum(recent), 0) AS lag_s,
    CAST(sum(doubtful) AS BIGINT) AS doubtful,
    max(feed_states.state) AS state
FROM counted LEFT JOIN feed_states ON counted.source = feed_states.source
GROUP BY counted.source
