import { type Key, type Lang, locale, text } from './i18n/i18n';
import { DAY, HOUR, type Instant, MINUTE, type Zone } from './time/zone';

/** How one reader reads: the language's texts, its numbers, and its dates in the city's zone. */
export class Texts {
  readonly lang: Lang;
  readonly locale: string;
  readonly #whole: Intl.NumberFormat;
  readonly #short: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #dateTime: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #time: Intl.DateTimeFormat;

  constructor(lang: Lang, zone: Zone) {
    this.lang = lang;
    this.locale = locale(lang);
    this.#whole = new Intl.NumberFormat(this.locale, { maximumFractionDigits: 0 });
    this.#short = new Intl.NumberFormat(this.locale, { maximumSignificantDigits: 3 });
    this.#percent = new Intl.NumberFormat(this.locale, { style: 'percent', maximumSignificantDigits: 2 });
    // Numbers alone would leave open which is the month.
    const month = lang === 'en' ? 'short' : '2-digit';
    const date = { year: 'numeric', month, day: '2-digit' } as const;
    this.#date = zone.format(this.locale, date);
    this.#dateTime = zone.format(this.locale, { ...date, hour: '2-digit', minute: '2-digit' });
    this.#time = zone.format(this.locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  }

  t(key: Key, values?: Record<string, string | number>): string {
    return text(this.lang, key, values);
  }

  /** A count. */
  whole(value: number): string {
    return this.#whole.format(value);
  }

  /** A rate: three significant digits, but never fewer than its whole part. */
  rate(value: number): string {
    return value >= 1000 ? this.#whole.format(value) : this.#short.format(value);
  }

  percent(part: number, whole: number): string {
    return whole > 0 ? this.#percent.format(part / whole) : '–';
  }

  date(at: Instant): string {
    return this.#date.format(at);
  }

  dateTime(at: Instant): string {
    return this.#dateTime.format(at);
  }

  time(at: Instant): string {
    return this.#time.format(at);
  }

  /** How long something lasts, in its largest unit. */
  age(ms: number): string {
    const [unit, n] = largest(ms);
    return this.t(`age.${unit}`, { n });
  }

  /** How long ago something was. */
  ago(ms: number): string {
    if (ms < 1000) return this.t('ago.now');
    const [unit, n] = largest(ms);
    return this.t(`ago.${unit}`, { n });
  }
}

function largest(ms: number): ['seconds' | 'minutes' | 'hours' | 'days', number] {
  if (ms < 90_000) return ['seconds', Math.max(0, Math.floor(ms / 1000))];
  if (ms < 90 * MINUTE) return ['minutes', Math.floor(ms / MINUTE)];
  if (ms < 36 * HOUR) return ['hours', Math.floor(ms / HOUR)];
  return ['days', Math.floor(ms / DAY)];
}
