import { EVERYTHING, type Filter } from '../api/filter';
import type { Key } from '../i18n/i18n';

/** What the wall shows for a while; the list is data, so that a scene is added by a line. */
export interface Scene {
  id: string;
  title: Key;
  filter: Filter;
  /** Days that are counted: 0 is today since midnight. */
  days: number;
}

const of = (...categories: string[]): Filter => ({ ...EVERYTHING, categories });

export const SCENES: readonly Scene[] = [
  { id: 'today', title: 'wall.scene.today', filter: EVERYTHING, days: 0 },
  { id: 'noise', title: 'wall.scene.noise', filter: of('noise', '噪声', 'Noise'), days: 7 },
  { id: 'heating', title: 'wall.scene.heating', filter: of('heating', '供暖', 'HEAT/HOT WATER'), days: 7 },
  { id: 'flood', title: 'wall.scene.flood', filter: of('flood', '排水', 'Sewer'), days: 7 },
  { id: 'week', title: 'wall.scene.week', filter: EVERYTHING, days: 7 },
];

/** How long a scene stays, and how long an alert has the stage. Milliseconds. */
export const SCENE_MS = 30_000;
export const ALERT_MS = 15_000;

/**
 * Which scenes the city can show: a scene of categories needs some of them. What a city calls noise or heating is
 * found by the words in its own categories, in Chinese or English.
 */
export function scenesFor(categories: readonly string[]): Scene[] {
  const words: Record<string, RegExp> = {
    noise: /噪声|噪音|noise/i,
    heating: /供暖|供热|暖气|heat/i,
    flood: /积水|内涝|下水道|排水|flood|sewer/i,
  };
  return SCENES.flatMap(scene => {
    const pattern = words[scene.id];
    if (!pattern) return [scene];
    const found = categories.filter(category => pattern.test(category)).slice(0, 12);
    return found.length > 0 ? [{ ...scene, filter: of(...found) }] : [];
  });
}
