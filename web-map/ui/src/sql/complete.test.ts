import { expect, it } from 'vitest';
import { complete } from './complete';

const tables = [
  {
    name: 'complaints',
    columns: [
      { name: 'category', type: 'Utf8' },
      { name: 'cell', type: 'UInt64' },
    ],
  },
  { name: 'observations', columns: [{ name: 'result', type: 'Float64' }] },
];
const texts = (sql: string, caret = sql.length) => complete(sql, caret, tables).map(({ text }) => text);

it('offers the columns of the tables that are named, before all else', () => {
  expect(texts('SELECT c FROM complaints', 8).slice(0, 2)).toEqual(['category', 'cell']);
  expect(texts('SELECT re FROM complaints', 9)).not.toContain('result');
});

it('offers tables, functions and keywords by their beginning', () => {
  expect(texts('SELECT * FROM obs')).toEqual(['observations']);
  expect(texts('SELECT h3_cell_to_s')).toEqual(['h3_cell_to_string']);
  expect(texts('sel')).toEqual(['SELECT']);
});

it('is silent in texts and comments, and where nothing is written', () => {
  expect(texts("WHERE category = 'ca")).toEqual([]);
  expect(texts('-- ca')).toEqual([]);
  expect(texts('SELECT ')).toEqual([]);
});
