SELECT :columns
FROM :table
WHERE :time >= $from AND :time < $to
ORDER BY :order
