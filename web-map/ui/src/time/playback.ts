import type { Bin } from '../api/wire';
import type { Domain } from './choice';
import { HOUR, type Instant, type Zone } from './zone';

export const STEPS = ['hour', 'sixHours', 'day', 'week', 'month'] as const;
export type Step = (typeof STEPS)[number];

/** A closed stretch of time. */
export interface Stretch {
  from: Instant;
  to: Instant;
}

/** The step that moves the window by one bar of the histogram. */
export const STEP_OF_BIN: Record<Bin, Step> = { hour: 'hour', day: 'day', week: 'week', month: 'month' };

/** The instant `count` steps later by the city's calendar, earlier when negative. */
export function move(at: Instant, step: Step, count: number, zone: Zone): Instant {
  switch (step) {
    case 'hour':
      return at + count * HOUR;
    case 'sixHours':
      return at + count * 6 * HOUR;
    case 'day':
      return zone.addDays(at, count);
    case 'week':
      return zone.addDays(at, 7 * count);
    case 'month': {
      const wall = zone.wall(at);
      return zone.instant(wall.year, wall.month + count, wall.day, wall.hour, wall.minute, wall.second);
    }
  }
}

/** Where playing starts: a window that covers most of the histogram would not move, so it becomes a twelfth. */
export function firstStretch(from: Instant | null, to: Instant | null, domain: Domain, zone: Zone): Stretch {
  const whole = domain.to - domain.from;
  const start = Math.max(from ?? domain.from, domain.from);
  const end = Math.min(to ?? domain.to, domain.to);
  if (end - start > whole / 2 || end <= start) {
    const length = zone.floor(domain.from + whole / 12, domain.bin, 1) - domain.from;
    return { from: domain.from, to: domain.from + length };
  }
  if (end < domain.to) return { from: start, to: end };
  return { from: domain.from, to: domain.from + (end - start) };
}

/** The window one step on; null when it would leave the histogram. */
export function nextStretch(
  now: Stretch,
  step: Step,
  count: 1 | -1,
  domain: Domain,
  zone: Zone,
): Stretch | null {
  const from = move(now.from, step, count, zone);
  const to = move(now.to, step, count, zone);
  return to > domain.to || from < domain.from ? null : { from, to };
}

/**
 * Moves on again and again: after each step it waits for the slower of the beat and the step's own answer, so
 * that a slow server is shown slower and no picture is skipped.
 */
export class Player {
  readonly #step: () => Promise<boolean>;
  readonly #changed: (playing: boolean) => void;
  #run = 0;
  #playing = false;
  /** Steps in a second. */
  speed = 2;

  /** `step` tells whether it could go on; `changed` is called when playing starts and ends. */
  constructor(step: () => Promise<boolean>, changed: (playing: boolean) => void) {
    this.#step = step;
    this.#changed = changed;
  }

  get playing(): boolean {
    return this.#playing;
  }

  play(): void {
    if (this.#playing) return;
    this.#playing = true;
    this.#changed(true);
    void this.#loop(++this.#run);
  }

  pause(): void {
    if (!this.#playing) return;
    this.#playing = false;
    this.#run++;
    this.#changed(false);
  }

  async #loop(run: number): Promise<void> {
    while (run === this.#run) {
      const beat = new Promise(resolve => setTimeout(resolve, 1000 / this.speed));
      const [more] = await Promise.all([this.#step(), beat]);
      if (!more && run === this.#run) this.pause();
    }
  }
}
