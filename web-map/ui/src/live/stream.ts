import type { Freshness, LiveAlerts, LiveAreas, LiveCells, LiveSnapshot } from '../api/wire';

/** `stale` = the stream is broken, or silent for longer than it may be. */
export type LiveState = 'connecting' | 'live' | 'stale';

export interface LiveHandlers {
  snapshot(snapshot: LiveSnapshot): void;
  cells(cells: LiveCells): void;
  areas?(areas: LiveAreas): void;
  freshness(freshness: Freshness): void;
  state(state: LiveState): void;
  /** A connection failed or ended; another one will be tried. */
  refused?(): void;
}

/** The window's event that tells alerts as they change: `detail` is a list of them. */
export const LIVE_ALERTS = 'citybrain:alerts';

/** The server sends freshness every two seconds; this much silence is a broken promise. */
export const STALE_AFTER = 4_500;
/** A silent connection is given up and made anew after this long. */
const DEAD_AFTER = 20_000;
const FIRST_RETRY = 1000;
const LAST_RETRY = 15_000;

/**
 * One standing question to `/v1/live`. It keeps itself connected until closed:
 *
 * 1. connect; every event proves that the stream lives;
 * 2. a watchdog says `stale` after four and a half silent seconds and reconnects after twenty;
 * 3. a refused or broken connection is tried again, after 1 s, 2 s, 4 s … 15 s.
 */
export class LiveStream {
  readonly #url: string;
  readonly #handlers: LiveHandlers;
  #source: EventSource | null = null;
  #state: LiveState = 'connecting';
  /** By a clock that nobody sets: a reader's own may jump. */
  #heard = performance.now();
  #retryIn = FIRST_RETRY;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #watchdog: ReturnType<typeof setInterval>;

  constructor(params: URLSearchParams, handlers: LiveHandlers) {
    this.#url = `/v1/live?${params}`;
    this.#handlers = handlers;
    this.#watchdog = setInterval(() => this.#watch(), 500);
    handlers.state('connecting');
    this.#connect();
  }

  /** Milliseconds since the last event. */
  get silence(): number {
    return performance.now() - this.#heard;
  }

  /** Tries again at once, whatever the state. */
  reconnect(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#watchdog);
    this.#source?.close();
    this.#source = null;
  }

  #connect(): void {
    const source = new EventSource(this.#url);
    this.#source = source;
    const on = <T>(name: string, handle: (data: T) => void) =>
      source.addEventListener(name, event => {
        if (this.#source !== source) return;
        this.#alive();
        handle(JSON.parse((event as MessageEvent<string>).data) as T);
      });
    on<LiveSnapshot>('snapshot', data => this.#handlers.snapshot(data));
    on<LiveCells>('cells', data => this.#handlers.cells(data));
    on<LiveAreas>('areas', data => this.#handlers.areas?.(data));
    on<LiveAlerts>('alerts', ({ alerts }) =>
      globalThis.dispatchEvent?.(new CustomEvent(LIVE_ALERTS, { detail: alerts })),
    );
    on<Freshness>('freshness', data => this.#handlers.freshness(data));
    source.addEventListener('error', () => {
      if (this.#source === source) this.#broken(source);
    });
  }

  #alive(): void {
    this.#heard = performance.now();
    this.#retryIn = FIRST_RETRY;
    this.#to('live');
  }

  /** The browser reconnects by itself after a cut, but gives up for good when it is refused. */
  #broken(source: EventSource): void {
    if (this.#state === 'live') this.#to('stale');
    source.close();
    this.#handlers.refused?.();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.#retryIn);
    this.#retryIn = Math.min(this.#retryIn * 2, LAST_RETRY);
  }

  #watch(): void {
    if (this.silence > STALE_AFTER) this.#to('stale');
    if (this.silence > DEAD_AFTER && this.#source?.readyState === EventSource.OPEN) {
      this.#heard = performance.now() - STALE_AFTER - 1;
      this.reconnect();
    }
  }

  #to(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#handlers.state(state);
  }
}
