INSERT INTO rejected (received_at, source, profile, row_index, field, value, rule, message, raw)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
