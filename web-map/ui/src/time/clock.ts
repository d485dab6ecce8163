import type { Instant } from './zone';

/**
 * The server's clock: a reader's own may be wrong, or be set while the page is open, and windows and ages must not depend on it. Between the
 * server's words a clock counts on that nobody sets.
 */
export class Clock {
  #started: Instant = performance.timeOrigin;

  /** Takes the server's word for what time it is. */
  set(serverTime: string): void {
    const at = Date.parse(serverTime);
    if (!Number.isNaN(at)) this.#started = at - performance.now();
  }

  now(): Instant {
    return this.#started + performance.now();
  }
}
