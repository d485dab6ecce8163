import { paramsOf } from '../analysis/catalog';
import { type Found, type Question, questionOf, run } from '../analysis/run';
import { EVERYTHING } from '../api/filter';
import type { City } from '../api/wire';
import type { Era } from '../time/choice';

/** The days that count as now. */
const LAST = '3';

/** What of the last days is more than usual, over the whole city and all categories. */
export async function burstsNow(
  city: City,
  era: Era,
  signal: AbortSignal,
): Promise<{ question: Question; found: Found }> {
  const window = { from: null, to: null };
  const question = questionOf('bursts', paramsOf('bursts', city), { last: LAST }, EVERYTHING, window, era);
  return { question, found: await run(question, 'en', signal) };
}
