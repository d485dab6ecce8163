import { describe, expect, it } from 'vitest';
import { parse, print } from './permalink';
import { firstView, type View } from './view';

const base = firstView('zh');

const full: View = {
  lang: 'en',
  panel: 'analyse',
  filter: {
    categories: ['市容环卫->垃圾清运', 'a & b=c+d'],
    channels: ['12345', '微信'],
    statuses: ['closed'],
    urgencies: ['urgent'],
    area: { level: 'district', id: '11:01/2' },
    week: ['1-5:7-9', '7:0,22-23'],
  },
  time: { from: Date.parse('2026-11-01T00:00:00+08:00'), to: Date.parse('2026-11-02T00:00:00+08:00') },
  span: '180d',
  selection: { cell: '8931aa0c2dbffff' },
  layer: 'subdistrict',
  measure: 'change',
  compare: 'year',
  swipe: true,
  method: 'geometric',
  breaks: [0.5, 1, 20],
  sensors: true,
  points: true,
  analysis: { name: 'periodic_issues', args: { by: 'district', alpha: '0.01' } },
  sql: "SELECT 'a & b' AS x -- 中文\nFROM complaints",
  camera: { lon: 116.40012, lat: 39.90034, zoom: 12.35 },
};

describe('a link', () => {
  it('gives back the view it was made from', () => {
    expect(parse(print(full, base), base)).toEqual(full);
    const area: View = { ...full, selection: { area: { level: 'community', id: 'x:1' } } };
    expect(parse(print(area, base), base)).toEqual(area);
    const preset: View = { ...base, time: { preset: 'today' } };
    expect(parse(print(preset, base), base)).toEqual(preset);
    const month: View = { ...base, time: { preset: 'lastMonth' }, layer: 'aligned' };
    expect(parse(print(month, base), base)).toEqual(month);
    const sensor: View = { ...base, method: 'natural', selection: { sensor: 'air:7/ä' } };
    expect(parse(print(sensor, base), base)).toEqual(sensor);
    const one: View = { ...base, selection: { complaint: { source: 'a:b %', id: 'x:1/2' } } };
    expect(parse(print(one, base), base)).toEqual(one);
    const open: View = { ...base, time: { from: 1_700_000_000_000, to: null } };
    expect(parse(print(open, base), base)).toEqual(open);
  });

  it('is empty for the first view', () => {
    expect(print(base, base)).toBe('');
    expect(parse('', base)).toEqual(base);
  });

  it.each([
    'at=1/2',
    'at=a/b/c',
    'at=99/0/0',
    'from=yesterday',
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'select=cell:zz',
    'select=:',
    'lang=xx',
    'time=never',
    'span=1h',
    'area=district',
    'breaks=3,2,1',
    'panel=cellar',
    'week=noon',
    'select=complaint:a',
    'measure=guess',
    'layer=<b>',
    'analysis=1%20OR%201',
  ])('ignores what makes no sense: %s', search => {
    expect(parse(search, base)).toEqual(base);
  });
});
