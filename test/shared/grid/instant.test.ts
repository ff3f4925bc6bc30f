import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../../shared/grid/instant.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');

describe('parseInstant', () => {
  it.each([
    '2026-01-01T12:00:00Z',
    '2026-01-01T12:00:00',
    '2026-01-01T12:00',
    '2026-01-01 12:00:00',
    '2026-01-01T12:00Z',
    '2026-01-01T13:00:00+01:00',
    '2026-01-01T13:00:00+0100',
    '2026-01-01 12:00:00+00',
    '2026-01-01T12:00:00.000000Z',
  ])('reads %s; without a zone it is UTC', (text) => {
    expect(parseInstant(text)).toBe(NOON);
  });

  it.each([
    '',
    'noon',
    '2026-01-01',
    '2026-02-30T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-01-01T25:00:00Z',
    '1767268800',
  ])('does not take %j for a time', (text) => {
    expect(parseInstant(text)).toBeNaN();
  });
});
