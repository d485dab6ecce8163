SELECT :columns
FROM :table
WHERE :filter
ORDER BY :order
