SELECT
    h3_cell_to_parent(cell, $resolution) AS cell,
    count(*) AS records,
    count(:level) AS located,
    :value AS value
FROM :table
WHERE :filter
GROUP BY h3_cell_to_parent(cell, $resolution)
