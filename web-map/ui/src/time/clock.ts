import type { Instant } from './zone';

/** The server's clock: a reader's own may be wrong, and windows must not depend on it. */
export class Clock {
  #ahead = 0;

  /** Takes the server's word for what time it is. */
  set(serverTime: string): void {
    const at = Date.parse(serverTime);
    if (!Number.isNaN(at)) this.#ahead = at - Date.now();
  }

  now(): Instant {
    return Date.now() + this.#ahead;
  }
}
