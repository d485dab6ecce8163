import { expect, it } from 'vitest';
import { fileName } from './save';

it('makes names that every file system takes', () => {
  expect(fileName('兰河市 · 诉求数量', '2026/11/29 08:15')).toBe('兰河市-诉求数量-2026-11-29-08-15');
  expect(fileName('<b>"a"|b?*', '')).toBe('b-a-b');
});
