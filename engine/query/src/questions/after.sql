:filter
  AND requested_at <= $after
  AND (
    requested_at < $after
    OR source > $after_source
    OR (source = $after_source AND id > $after_id)
  )
