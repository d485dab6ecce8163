SELECT event, at, received_at, actor, reason, fields
FROM complaint_events
WHERE source = $source AND complaint = $id
ORDER BY at, received_at, event
