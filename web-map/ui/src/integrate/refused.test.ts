import { expect, it } from 'vitest';
import type { FeedHealth } from '../api/wire';
import { inOrder, rulesOf } from './health';
import { listQuery, replayBody } from './refused';

const feed = (source: string, more: Partial<FeedHealth>): FeedHealth => ({
  source,
  state: 'ok',
  last_seen: null,
  age_s: 1,
  quiet_after_s: null,
  rate_now: 0,
  rate_usual: null,
  lag_s: null,
  accepted: 0,
  updated: 0,
  duplicate: 0,
  refused: {},
  datastreams: 0,
  silent: 0,
  stuck: 0,
  clock_off: 0,
  doubtful: 0,
  missing: 0,
  ...more,
});

it('tells quiet feeds first, then what was heard last', () => {
  const feeds = [
    feed('never', { age_s: null, state: 'never' }),
    feed('old', { age_s: 90 }),
    feed('quiet', { age_s: 9000, state: 'quiet' }),
    feed('new', { age_s: 2 }),
  ];
  expect(inOrder(feeds).map(({ source }) => source)).toEqual(['quiet', 'new', 'old', 'never']);
});

it('offers the rules of all feeds, most refused first', () => {
  const feeds = [feed('a', { refused: { time: 2, range: 1 } }), feed('b', { refused: { range: 5 } })];
  expect(rulesOf(feeds)).toEqual(['range', 'time']);
});

it('lists and replays the same rows', () => {
  const wanted = { source: 'pole & co', rule: 'time' };
  expect(String(listQuery(wanted, 7))).toBe('limit=30&source=pole+%26+co&rule=time&before=7');
  expect(replayBody(wanted)).toEqual({ source: 'pole & co', rule: 'time' });
  expect(replayBody({ source: '', rule: '' }, [3])).toEqual({ ids: [3] });
});
