(
    SELECT :level AS id, count(cell) AS placed, count(*) AS records:mean
    FROM :table
    WHERE :filter
    GROUP BY :level
)
