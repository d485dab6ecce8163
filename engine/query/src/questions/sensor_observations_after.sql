:filter
  AND phenomenon_time <= $after
  AND (
    phenomenon_time < $after
    OR source > $after_source
    OR (source = $after_source AND concat(datastream, chr(31), coalesce(id, '')) > $after_key)
  )
