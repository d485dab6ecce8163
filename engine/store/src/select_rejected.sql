SELECT id, received_at, source, profile, row_index, field, value, rule, message, raw
FROM rejected
WHERE id > ?1
ORDER BY id
LIMIT ?2
