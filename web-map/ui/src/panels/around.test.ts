import { expect, it } from 'vitest';
import { repeats } from './around';

it('tells the addresses that come again, the most frequent first, and no others', () => {
  const of = (...addresses: (string | null)[]) => addresses.map(address => ({ address }));
  expect(repeats(of('a', 'b', 'b', null, 'c', 'c', 'c', null))).toEqual([
    ['c', 3],
    ['b', 2],
  ]);
  expect(repeats(of('a', 'b', null, null))).toEqual([]);
});
