import { ApiError, api, isAbort } from '../api/client';
import { type Filter, query, type Window } from '../api/filter';
import type { CellValue, Freshness, Totals } from '../api/wire';
import { type LiveState, LiveStream } from '../live/stream';

/** What to count, and whether to keep listening. */
export interface Question {
  filter: Filter;
  window: Window;
  resolution: number;
  live: boolean;
}

export interface CountHandlers {
  /** All values anew. */
  all(resolution: number, cells: Map<string, number>, totals: Totals): void;
  /** Some values changed. */
  changed(resolution: number, cells: CellValue[], totals: Totals): void;
  freshness(freshness: Freshness): void;
  state(state: LiveState | 'off'): void;
  failed(error: ApiError): void;
}

/**
 * Answers one question at a time: by one request when its window has ended, by the live stream when it reaches
 * now. A new question ends the one before.
 */
export class CountFeed {
  readonly #handlers: CountHandlers;
  #stream: LiveStream | null = null;
  #abort = new AbortController();

  constructor(handlers: CountHandlers) {
    this.#handlers = handlers;
  }

  /** Resolves when the first values were handed over, or failed, or another question came. */
  async ask(question: Question): Promise<void> {
    this.stop();
    this.#abort = new AbortController();
    const { filter, window, resolution, live } = question;
    const params = query(filter, window, { resolution });
    if (live) return this.#listen(resolution, params, this.#abort.signal);
    this.#handlers.state('off');
    return this.#fetch(resolution, params, this.#abort.signal);
  }

  /** Milliseconds since the stream was last heard. */
  get silence(): number {
    return this.#stream?.silence ?? 0;
  }

  reconnect(): void {
    this.#stream?.reconnect();
  }

  stop(): void {
    this.#abort.abort();
    this.#stream?.close();
    this.#stream = null;
  }

  async #fetch(resolution: number, params: URLSearchParams, signal: AbortSignal): Promise<void> {
    try {
      const answer = await api.cells(params, signal);
      this.#handlers.all(resolution, new Map(answer.cells), answer);
    } catch (error) {
      if (!isAbort(error) && error instanceof ApiError) this.#handlers.failed(error);
    }
  }

  #listen(resolution: number, params: URLSearchParams, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      signal.addEventListener('abort', () => resolve());
      let answered = false;
      this.#stream = new LiveStream(params, {
        snapshot: snapshot => {
          answered = true;
          this.#handlers.all(resolution, new Map(snapshot.cells), snapshot);
          resolve();
        },
        cells: cells => this.#handlers.changed(resolution, cells.cells, cells),
        freshness: freshness => this.#handlers.freshness(freshness),
        state: state => this.#handlers.state(state),
        // A stream cannot say why it was refused; the same question asked plainly can, and shows what it may.
        refused: () => {
          if (!answered) void this.#fetch(resolution, params, signal).then(resolve);
        },
      });
    });
  }
}
