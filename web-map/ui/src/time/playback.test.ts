import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Domain } from './choice';
import { firstStretch, move, nextStretch, Player, STEPS } from './playback';
import { DAY, HOUR, Zone } from './zone';

const zone = new Zone('America/New_York');
const domain: Domain = {
  from: Date.parse('2026-10-01T00:00:00-04:00'),
  to: Date.parse('2026-12-01T00:00:00-05:00'),
  bin: 'day',
};

describe('moving a window', () => {
  it('keeps the wall clock over a change of clocks', () => {
    const before = Date.parse('2026-10-31T00:00:00-04:00');
    expect(move(before, 'day', 2, zone)).toBe(Date.parse('2026-11-02T00:00:00-05:00'));
    expect(move(before, 'week', 1, zone)).toBe(Date.parse('2026-11-07T00:00:00-05:00'));
  });

  it.each(STEPS)('goes back by a %s what it went forward', step => {
    const at = Date.parse('2026-06-15T12:00:00-04:00');
    expect(move(move(at, step, 3, zone), step, -3, zone)).toBe(at);
  });

  it('stops at the ends of the histogram', () => {
    const last = { from: domain.to - 2 * DAY, to: domain.to };
    expect(nextStretch(last, 'day', 1, domain, zone)).toBeNull();
    expect(nextStretch({ from: domain.from, to: domain.from + DAY }, 'day', -1, domain, zone)).toBeNull();
    expect(nextStretch(last, 'day', -1, domain, zone)).toEqual({
      from: last.from - DAY,
      to: last.to - DAY,
    });
  });
});

describe('the first window', () => {
  it('is a part of the histogram when everything was shown', () => {
    const { from, to } = firstStretch(null, null, domain, zone);
    expect(from).toBe(domain.from);
    expect(to - from).toBeLessThan((domain.to - domain.from) / 8);
    expect(zone.floor(to, 'day')).toBe(to);
  });

  it('goes back to the start when the window is at the end, keeping its length', () => {
    const from = domain.to - 3 * DAY - HOUR;
    expect(firstStretch(from, null, domain, zone)).toEqual({
      from: domain.from,
      to: domain.from + 3 * DAY + HOUR,
    });
  });

  it('stays where it is in the middle', () => {
    const from = domain.from + 5 * DAY;
    expect(firstStretch(from, from + DAY, domain, zone)).toEqual({ from, to: from + DAY });
  });
});

describe('the player', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits for a slow answer and then goes on', async () => {
    let steps = 0;
    let answer = () => {};
    const player = new Player(
      () => {
        steps++;
        return new Promise(resolve => {
          answer = () => resolve(true);
        });
      },
      () => {},
    );
    player.play();
    await vi.advanceTimersByTimeAsync(5000);
    expect(steps).toBe(1);
    answer();
    await vi.advanceTimersByTimeAsync(10);
    expect(steps).toBe(2);
    player.pause();
  });

  it('ends by itself when there is nothing more', async () => {
    const states: boolean[] = [];
    let left = 3;
    const player = new Player(
      async () => --left > 0,
      playing => states.push(playing),
    );
    player.play();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(left).toBe(0);
    expect(states).toEqual([true, false]);
  });

  it('never runs twice at once', async () => {
    let steps = 0;
    const player = new Player(
      async () => {
        steps++;
        return true;
      },
      () => {},
    );
    player.play();
    player.pause();
    player.play();
    player.play();
    await vi.advanceTimersByTimeAsync(3000);
    player.pause();
    // The first run took one step before it was paused; the second takes two a second.
    expect(steps).toBeLessThanOrEqual(8);
  });
});
