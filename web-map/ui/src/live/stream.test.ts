import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LiveHandlers, LiveStream } from './stream';

/** Stands in for the browser's EventSource; the test plays the server. */
class FakeSource extends EventTarget {
  static readonly OPEN = 1;
  static made: FakeSource[] = [];
  readyState = 1;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.made.push(this);
  }

  send(event: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }));
  }

  cut(): void {
    this.dispatchEvent(new Event('error'));
  }

  close(): void {
    this.readyState = 2;
  }
}

const freshness = { server_time: '', seq: 1, received_at: null, requested_at: null, per_minute: 0 };

function listen() {
  const seen: string[] = [];
  const handlers: LiveHandlers = {
    snapshot: data => void seen.push(`snapshot ${data.total}`),
    cells: data => void seen.push(`cells ${data.cells.length}`),
    freshness: () => void seen.push('freshness'),
    state: state => void seen.push(state),
  };
  return { stream: new LiveStream(new URLSearchParams({ resolution: '9' }), handlers), seen };
}

const last = () => FakeSource.made.at(-1) as FakeSource;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  FakeSource.made = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('is live from the first event on', () => {
  const { seen } = listen();
  last().send('snapshot', { total: 7, cells: [] });
  last().send('cells', { cells: [['a', 1]] });
  expect(seen).toEqual(['connecting', 'live', 'snapshot 7', 'cells 1']);
});

it('says that it is stale after four and a half silent seconds, and is live again with the next event', () => {
  const { seen } = listen();
  last().send('freshness', freshness);
  vi.advanceTimersByTime(4_400);
  expect(seen.at(-1)).toBe('freshness');
  vi.advanceTimersByTime(1_000);
  expect(seen.at(-1)).toBe('stale');
  last().send('freshness', freshness);
  expect(seen.slice(-2)).toEqual(['live', 'freshness']);
});

it('is stale at once when the stream is cut', () => {
  const { seen } = listen();
  last().send('freshness', freshness);
  last().cut();
  expect(seen.at(-1)).toBe('stale');
});

it('connects anew after a cut, waiting longer each time it fails', () => {
  listen();
  const made = () => FakeSource.made.length;
  last().cut();
  vi.advanceTimersByTime(1_000);
  expect(made()).toBe(2);
  last().cut();
  vi.advanceTimersByTime(1_900);
  expect(made()).toBe(2);
  vi.advanceTimersByTime(200);
  expect(made()).toBe(3);
});

it('gives up a connection that stays silent and makes a new one', () => {
  listen();
  last().send('freshness', freshness);
  vi.advanceTimersByTime(21_000);
  expect(FakeSource.made.length).toBe(2);
  expect(FakeSource.made[0]?.readyState).toBe(2);
});

it('hears nothing more once it is closed', () => {
  const { stream, seen } = listen();
  const source = last();
  stream.close();
  source.send('snapshot', { total: 1, cells: [] });
  vi.advanceTimersByTime(60_000);
  expect(seen).toEqual(['connecting']);
  expect(FakeSource.made.length).toBe(1);
});
