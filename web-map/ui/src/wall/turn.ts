import { weightOf } from '../alerts/words';

/**
 * Who has the stage. In a storm of alerts the map would only fly from one to the next: what is told keeps the stage for its time unless something
 * graver comes, and after it the city rests for twice that time, unless something graver or critical comes. What is not told large runs in the
 * ticker all the same.
 */
export class Turn {
  readonly #lasts: number;
  #weight = Number.POSITIVE_INFINITY;
  #ends = 0;

  /** `lasts`: how long the stage is had, ms. */
  constructor(lasts: number) {
    this.#lasts = lasts;
  }

  /** Whether something of this gravity takes the stage at `now` (ms); then it has it. */
  takes(severity: string, now: number): boolean {
    const weight = weightOf(severity);
    const had = now < this.#ends;
    const rests = !had && now < this.#ends + 2 * this.#lasts;
    const graver = weight < this.#weight;
    if ((had && !graver) || (rests && !graver && weight > 0)) return false;
    this.#weight = weight;
    this.#ends = now + this.#lasts;
    return true;
  }
}
