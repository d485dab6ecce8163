import { analysisTexts } from './topics/analysis';
import { feedTexts } from './topics/feeds';
import { mapTexts } from './topics/map';
import { sqlTexts } from './topics/sql';
import { wallTexts } from './topics/wall';

/** Texts that are kept by topic, each as Chinese and English. */
export const TOPICS = {
  ...analysisTexts,
  ...feedTexts,
  ...mapTexts,
  ...sqlTexts,
  ...wallTexts,
} as const satisfies Record<string, readonly [zh: string, en: string]>;

export type TopicKey = keyof typeof TOPICS;
