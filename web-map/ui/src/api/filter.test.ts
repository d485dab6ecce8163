import { expect, it } from 'vitest';
import { areaText, conditions, EVERYTHING, type Filter, parseArea, query } from './filter';

const filter: Filter = {
  categories: ['a->b', 'c & d'],
  channels: ['web'],
  statuses: [],
  urgencies: ['urgent'],
  area: { level: 'district', id: '01:2' },
  week: ['1-5:7-9'],
};

it('writes every condition as the API names it, repeated where there are several', () => {
  const params = query(filter, { from: 0, to: 1000 }, { resolution: 9 });
  expect([...params]).toEqual([
    ['from', '1970-01-01T00:00:00.000Z'],
    ['to', '1970-01-01T00:00:01.000Z'],
    ['category', 'a->b'],
    ['category', 'c & d'],
    ['channel', 'web'],
    ['urgency', 'urgent'],
    ['area', 'district:01:2'],
    ['week', '1-5:7-9'],
    ['resolution', '9'],
  ]);
});

it('asks for everything with no parameter at all', () => {
  expect(query(EVERYTHING, { from: null, to: null }).size).toBe(0);
});

it('reads back the area that it wrote', () => {
  const area = { level: 'community', id: 'x:y' };
  expect(parseArea(areaText(area))).toEqual(area);
  for (const text of ['', ':', 'a', 'a:', ':a']) expect(parseArea(text)).toBeNull();
});

it('counts conditions', () => {
  expect(conditions(EVERYTHING)).toBe(0);
  expect(conditions(filter)).toBe(6);
});
