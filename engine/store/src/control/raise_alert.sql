INSERT INTO alerts (rule, subject, about, severity, value, level, state, since, raised_at, escalate_after, escalate_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'raised', ?7, ?8, ?9, ?10
WHERE NOT EXISTS (
    SELECT 1 FROM alerts WHERE rule = ?1 AND subject = ?2 AND (state <> 'resolved' OR raised_at >= ?8)
)
