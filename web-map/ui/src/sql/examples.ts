import type { City } from '../api/wire';
import type { Key } from '../i18n/i18n';

export interface Example {
  label: Key;
  sql: string;
}

/** Questions to begin with, in the city's own levels. */
export function examples(city: City): Example[] {
  const large = city.levels[0]?.level ?? 'district';
  const second = city.levels[1]?.level ?? large;
  return [
    {
      label: 'sql.example.byDay',
      sql: `SELECT date_trunc('day', local(requested_at)) AS day, count(*) AS complaints
FROM complaints
GROUP BY 1 ORDER BY 1`,
    },
    {
      label: 'sql.example.cells',
      sql: `SELECT h3_cell_to_string(h3_cell_to_parent(cell, 8)) AS cell, count(*) AS complaints
FROM complaints
WHERE requested_at > now() - INTERVAL '7 days' AND cell IS NOT NULL
GROUP BY 1 ORDER BY 2 DESC`,
    },
    {
      label: 'sql.example.streets',
      sql: `SELECT areas.name, complaints.${second}, count(*) AS complaints,
       round(count(*) * 10000.0 / max(areas.population), 1) AS per_10k
FROM complaints
JOIN areas ON areas.level = '${second}' AND areas.id = complaints.${second}
GROUP BY 1, 2 ORDER BY per_10k DESC NULLS LAST`,
    },
    {
      label: 'sql.example.hours',
      sql: `SELECT date_part('hour', local(requested_at)) AS hour, count(*) AS complaints
FROM complaints
GROUP BY 1 ORDER BY 1`,
    },
    {
      label: 'sql.example.repeat',
      sql: `SELECT address, category, count(*) AS complaints, max(requested_at) AS latest
FROM complaints
WHERE address IS NOT NULL
GROUP BY 1, 2 HAVING count(*) > 2
ORDER BY complaints DESC LIMIT 100`,
    },
    {
      label: 'sql.example.hotspots',
      sql: `SELECT h3_cell_to_string(cell) AS cell, records, z, q
FROM hotspots((SELECT cell FROM complaints), resolution => 7)
WHERE bin = 3
ORDER BY z DESC`,
    },
    {
      label: 'sql.example.periodic',
      sql: `SELECT ${second}, category, phase, next_from, expected, q
FROM periodic_issues((SELECT ${second}, category, requested_at FROM complaints), minimum_count => 20)
ORDER BY next_from`,
    },
    {
      label: 'sql.example.sensors',
      sql: `SELECT sensor, lon, lat, observations, last_at
FROM sensors
ORDER BY sensor`,
    },
  ];
}
