import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../../shared/grid/instant.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');

describe('parseInstant', () => {
  it('knows the leap days of all years, those before 100 and in full centuries included', () => {
    for (const year of ['0000', '0004', '0096', '2000', '2024', '4800'])
      expect(parseInstant(`${year}-02-29T00:00:00Z`), year).not.toBeNaN();
    for (const year of ['0001', '0100', '1900', '2023', '2100'])
      expect(parseInstant(`${year}-02-29T00:00:00Z`), year).toBeNaN();
  });

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
