import type { Bin } from '../api/wire';

/** Milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** Wall-clock fields; `month` is 1 to 12. */
export interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/**
 * A city's zone: turns instants into wall-clock time and back, by the browser's own zone data.
 * Days, weeks (from Monday) and months start at local midnight, whatever their length in hours.
 */
export class Zone {
  readonly name: string;
  readonly #fields: Intl.DateTimeFormat;

  constructor(name: string) {
    this.name = name;
    this.#fields = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** What a clock on the wall shows at that instant. */
  wall(instant: Instant): Wall {
    const wall = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#fields.formatToParts(instant)) {
      if (type in wall) wall[type as keyof Wall] = Number(value);
    }
    return wall;
  }

  /**
   * The instant at which the wall shows those fields; they may overflow (day 0, month 13).
   * In the hour that a clock skips the later instant answers, in the one it repeats the first.
   */
  instant(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): Instant {
    const utc = Date.UTC(year, month - 1, day, hour, minute, second);
    const offsets = [this.#offset(utc - DAY), this.#offset(utc + DAY)];
    const fits = offsets.map(offset => utc - offset).filter(at => this.#offset(at) === utc - at);
    return fits.length > 0 ? Math.min(...fits) : utc - Math.min(...offsets);
  }

  /** How far local time is ahead of UTC, in milliseconds. */
  #offset(instant: Instant): number {
    const w = this.wall(instant);
    const seconds = Math.floor(instant / 1000) * 1000;
    return Date.UTC(w.year, w.month - 1, w.day, w.hour, w.minute, w.second) - seconds;
  }

  /** The start of the calendar bin that holds the instant, moved on by `count` bins. */
  floor(instant: Instant, bin: Bin, count = 0): Instant {
    if (bin === 'hour') {
      const { minute, second } = this.wall(instant);
      return Math.floor(instant / 1000) * 1000 - minute * MINUTE - second * 1000 + count * HOUR;
    }
    const { year, month, day } = this.wall(instant);
    if (bin === 'month') return this.instant(year, month + count, 1);
    if (bin === 'day') return this.instant(year, month, day + count);
    const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
    return this.instant(year, month, day - weekday + 7 * count);
  }

  /** The same wall-clock time `days` later (or earlier, when negative). */
  addDays(instant: Instant, days: number): Instant {
    const w = this.wall(instant);
    return this.instant(w.year, w.month, w.day + days, w.hour, w.minute, w.second);
  }

  /** A formatter for labels in this zone. */
  format(lang: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(lang, { timeZone: this.name, hourCycle: 'h23', ...options });
  }
}
