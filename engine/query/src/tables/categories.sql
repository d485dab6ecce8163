-- One row for each category that a complaint has.
SELECT
    category,
    category_path,
    split_part(category_path, '->', 1) AS top_category,
    count(*) AS complaints
FROM complaints
WHERE category IS NOT NULL
GROUP BY category, category_path
