SELECT *
FROM :function((
    SELECT :columns
    FROM complaints
    WHERE :filter
):arguments)
ORDER BY :order
