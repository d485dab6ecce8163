import type { ServerResponse } from 'node:http';
import { cellToParent } from 'h3-js';
import { matcher, totals } from './answers.ts';
import { BASE_RESOLUTION, type MockCity, type MockComplaint } from './complaints.ts';

const BATCH_MS = 250;
const FRESHNESS_MS = 2000;

/** One `/v1/live` stream: a snapshot, then changed cells at most four times a second, and freshness. */
export function streamLive(city: MockCity, params: URLSearchParams, response: ServerResponse): void {
  const resolution = Number(params.get('resolution') ?? 9);
  const matches = matcher(params);
  const counted = city.complaints.filter(matches);
  const cells = new Map<string, number>();
  const districts = new Map<string, number>();
  const count = (complaint: MockComplaint) => {
    if (complaint.cell) bump(cells, parent(complaint.cell, resolution));
    if (complaint.areas.district) bump(districts, complaint.areas.district);
  };
  counted.forEach(count);

  const send = (event: string, data: unknown) =>
    response.write(`event: ${event}\nid: ${city.seq}\ndata: ${JSON.stringify(data)}\n\n`);
  const freshness = () =>
    send('freshness', {
      server_time: new Date().toISOString(),
      seq: city.seq,
      received_at: new Date(last).toISOString(),
      requested_at: new Date(last).toISOString(),
      per_minute: recent.filter(at => at > Date.now() - 60_000).length,
    });

  let last = city.complaints.at(-1)?.requested ?? Date.now();
  let recent: number[] = [];
  let waiting: MockComplaint[] = [];
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send('snapshot', { seq: city.seq, resolution, cells: [...cells], ...totals(counted) });
  freshness();

  const stop = city.listen(added => {
    last = Date.now();
    recent = [...recent.filter(at => at > last - 60_000), ...added.map(() => last)];
    waiting.push(...added.filter(matches));
  });
  const flush = setInterval(() => {
    if (waiting.length === 0) return;
    waiting.forEach(count);
    counted.push(...waiting);
    const changedCells = new Set(waiting.flatMap(({ cell }) => (cell ? [parent(cell, resolution)] : [])));
    const changedAreas = new Set(waiting.flatMap(({ areas }) => (areas.district ? [areas.district] : [])));
    waiting = [];
    const values = (ids: Set<string>, counts: Map<string, number>) =>
      [...ids].map(id => [id, counts.get(id)]);
    send('cells', { seq: city.seq, cells: values(changedCells, cells), ...totals(counted) });
    send('areas', { seq: city.seq, level: 'district', areas: values(changedAreas, districts) });
  }, BATCH_MS);
  const beat = setInterval(freshness, FRESHNESS_MS);
  response.on('close', () => {
    stop();
    clearInterval(flush);
    clearInterval(beat);
  });
}

function parent(cell: string, resolution: number): string {
  return resolution === BASE_RESOLUTION ? cell : cellToParent(cell, resolution);
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
