SELECT id FROM complaints WHERE :wanted GROUP BY id HAVING count(DISTINCT source) > 1
