import { describe, expect, it } from 'vitest';
import { Turn } from './turn';

describe('the stage of the wall', () => {
  it('is kept for its time unless something graver comes', () => {
    const turn = new Turn(15);
    expect(turn.takes('warning', 100)).toBe(true);
    expect(turn.takes('warning', 101)).toBe(false);
    expect(turn.takes('burst', 102)).toBe(false);
    expect(turn.takes('critical', 103)).toBe(true);
    expect(turn.takes('critical', 110)).toBe(false);
  });

  it('rests after it, but not from what is graver or critical', () => {
    const turn = new Turn(15);
    expect(turn.takes('info', 100)).toBe(true);
    expect(turn.takes('info', 120)).toBe(false);
    expect(turn.takes('warning', 121)).toBe(true);
    expect(turn.takes('warning', 140)).toBe(false);
    expect(turn.takes('critical', 141)).toBe(true);
    expect(turn.takes('critical', 156)).toBe(true);
    expect(turn.takes('info', 200)).toBe(false);
    expect(turn.takes('info', 202)).toBe(true);
  });
});
