import type { Filter } from '../api/filter';
import { type Method, type Scale, scaleFor } from './scale';

/** What a scale belongs to. */
export interface ScaleQuestion {
  filter: Filter;
  method: Method;
  /** Length of the window in milliseconds, or the preset's name. */
  length: number | string;
}

/** Windows whose lengths differ by less than this share a scale: months and days with a clock change do. */
const SAME_LENGTH = 1.18;

/**
 * The colour scales in force. A scale is made once for each question and resolution, from the first values that
 * come, and then held: panning, playing and live changes do not move it, so that a colour keeps its meaning.
 */
export class ScaleBook {
  readonly #scales = new Map<number, Scale>();
  #question: ScaleQuestion | null = null;

  /** The scale for these values; another question starts a new book. */
  scale(question: ScaleQuestion, resolution: number, values: Iterable<number>): Scale {
    if (!this.#question || !same(question, this.#question)) {
      this.#scales.clear();
      this.#question = question;
    }
    const held = this.#scales.get(resolution);
    if (held) return held;
    const all = [...values];
    const made = scaleFor(all, question.method);
    // Nothing to see yet: the first real values shall make the scale.
    if (all.some(value => value > 0)) this.#scales.set(resolution, made);
    return made;
  }

  /** Whether this resolution has a scale that is held. */
  holds(resolution: number): boolean {
    return this.#scales.has(resolution);
  }

  /** Forgets all scales, so that the next values make new ones. */
  reset(): void {
    this.#scales.clear();
  }
}

function same(a: ScaleQuestion, b: ScaleQuestion): boolean {
  if (a.method !== b.method || JSON.stringify(a.filter) !== JSON.stringify(b.filter)) return false;
  if (typeof a.length === 'string' || typeof b.length === 'string') return a.length === b.length;
  const ratio = a.length / b.length;
  return ratio < SAME_LENGTH && ratio > 1 / SAME_LENGTH;
}
