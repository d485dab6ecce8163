import { expect, it } from 'vitest';
import { parseCell, parseSpot } from './spot';

it('reads a position in the order of map services, and in the other where only that can be', () => {
  expect(parseSpot('39.9, 116.4')).toEqual({ lat: 39.9, lon: 116.4 });
  expect(parseSpot('116.4，39.9')).toEqual({ lat: 39.9, lon: 116.4 });
  expect(parseSpot('-33.87 151.21')).toEqual({ lat: -33.87, lon: 151.21 });
  for (const text of ['39.9', '200,300', '39.9,', 'a,b', '12345 678', '1,2,3'])
    expect(parseSpot(text)).toBeNull();
});

it('knows a cell by its form', () => {
  expect(parseCell(' 8931AA0C2DBFFFF ')).toBe('8931aa0c2dbffff');
  for (const text of ['', '8931aa', '9931aa0c2dbffff', '8931aa0c2dbfffg']) expect(parseCell(text)).toBeNull();
});
