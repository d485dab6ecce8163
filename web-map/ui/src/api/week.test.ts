import { describe, expect, it } from 'vitest';
import { boxOf, inWeek, readWeek, weekCondition, weekOf, weekText } from './week';

describe('hours of the week', () => {
  it('are written as the API reads them, from whichever corner they were drawn', () => {
    expect(weekOf(boxOf([4, 9], [0, 7]))).toBe('1-5:7-9');
    expect(weekOf(boxOf([6, 0], [6, 0]))).toBe('7:0');
  });

  it('are read again', () => {
    expect(readWeek('1-2,7:0,22-23')).toEqual({ days: [0, 1, 6], hours: [0, 22, 23] });
    for (const text of ['', ':', '1', '0:1', '8:1', '1:24', '5-1:3', '1:9-7', '1:2:3', 'mon:7', '1,:3']) {
      expect(readWeek(text), text).toBeNull();
    }
  });

  it('hold an hour when one of them does, and every hour when there are none', () => {
    expect(inWeek([], 3, 4)).toBe(true);
    expect(inWeek(['1:7-9', '7:0'], 6, 0)).toBe(true);
    expect(inWeek(['1:7-9', '7:0'], 0, 10)).toBe(false);
  });

  it('are said in the language of the reader', () => {
    expect(weekText('1-5:7-9', 'en-GB')).toBe('Mon–Fri 7:00–10:00');
    expect(weekText('6-7:0-5,22-23', 'zh-CN')).toBe('周六–周日 0:00–6:00, 22:00–24:00');
  });

  it('become a condition that counts Sunday as SQL does', () => {
    expect(weekCondition(['6-7:8'], 'requested_at')).toBe(
      "(date_part('dow', local(requested_at)) IN (6, 0) AND date_part('hour', local(requested_at)) IN (8))",
    );
  });
});
