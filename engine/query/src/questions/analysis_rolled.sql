SELECT *
FROM :function((
    SELECT cell, count
    FROM rolled.cells
):arguments)
ORDER BY :order
