import type { IncomingMessage, ServerResponse } from 'node:http';
import { ANSWERS, Refused } from './answers.ts';
import { MockCity, type MockComplaint } from './complaints.ts';
import { streamLive } from './live.ts';
import { MockTiles } from './tiles.ts';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

export interface MockOptions {
  /** How many complaints the city has had. */
  complaints?: number;
  /** Milliseconds between simulated new records; 0 = none. */
  every?: number;
}

/** The whole API over a made-up city, as a handler for Vite's or Node's own server. */
export function mockCity({ complaints = 24_000, every = 700 }: MockOptions = {}): Middleware {
  const city = new MockCity(complaints, Date.now());
  const tiles = new MockTiles(city.areas);
  if (every > 0) setInterval(() => city.simulate(Date.now()), every).unref();

  return (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    const json = (status: number, body: unknown) => {
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
    };
    const tile = /^\/tiles\/([\w-]+)\/(\d+)\/(\d+)\/(\d+)$/.exec(url.pathname);
    const answer = ANSWERS[url.pathname];
    try {
      if (tile) {
        const [, layer = '', z, x, y] = tile;
        response.setHeader('content-type', 'application/vnd.mapbox-vector-tile');
        response.end(tiles.tile(layer, Number(z), Number(x), Number(y)));
      } else if (url.pathname === '/v1/live') {
        streamLive(city, url.searchParams, response);
      } else if (url.pathname === '/v1/complaints' && request.method === 'POST') {
        takeIn(city, request).then(
          receipt => json(200, receipt),
          () => json(400, { title: 'Bad body' }),
        );
      } else if (answer) {
        json(200, answer(city, url.searchParams));
      } else {
        next();
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      json(400, { title: 'Bad request', status: 400, detail: error.message });
    }
  };
}

async function takeIn(city: MockCity, request: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  const records = (Array.isArray(body) ? body : [body]) as Record<string, string | number>[];
  const added: MockComplaint[] = records.map(record => ({
    id: String(record.id),
    source: String(record.source ?? 'http'),
    channel: record.channel ? String(record.channel) : null,
    category: String(record.category).split('->').at(-1) ?? '',
    category_path: String(record.category),
    requested: Date.parse(String(record.requested_at)),
    status: String(record.status ?? 'open'),
    address: null,
    ...city.place(record.lon === undefined ? null : [Number(record.lon), Number(record.lat)]),
  }));
  city.add(added);
  return { seq: city.seq, accepted: added.length, updated: 0, duplicate: 0, rejected: [] };
}
