import { expect, it } from 'vitest';
import type { Alert } from '../api/wire';
import { byWeight } from './words';

it('tells the grave before the new', () => {
  const alert = (id: number, severity: string) => ({ id, severity }) as Alert;
  const told = [
    alert(1, 'info'),
    alert(2, 'critical'),
    alert(3, 'warning'),
    alert(4, 'critical'),
    alert(5, '?'),
  ];
  expect(told.sort(byWeight).map(({ id }) => id)).toEqual([4, 2, 3, 1, 5]);
});
