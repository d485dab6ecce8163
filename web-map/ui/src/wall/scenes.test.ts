import { expect, it } from 'vitest';
import { scenesFor } from './scenes';

it('shows only scenes that the city has categories for, under its own words', () => {
  expect(scenesFor([]).map(({ id }) => id)).toEqual(['today', 'week']);
  const noise = scenesFor(['施工噪声', 'Noise - Residential', '占道']).find(({ id }) => id === 'noise');
  expect(noise?.filter.categories).toEqual(['施工噪声', 'Noise - Residential']);
});
