import { describe, expect, it } from 'vitest';
import { parseAllocationFilter } from '../../../../extender/api/emissions/allocation-filter.ts';
import { cursorAfter, parseCursor } from '../../../../extender/api/export-query.ts';
import { FILTER_PATTERN, ROW_CURSOR_PATTERN, windowPattern } from '../../../../extender/api/openapi/patterns.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { parseWindow } from '../../../../shared/records/time-window.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const DAY_MS = 24 * HOUR_MS;

describe('the patterns of the description', () => {
  it.each([31, 366] as const)('have every duration of at most %i days, and no longer one', (maxDays) => {
    const pattern = new RegExp(windowPattern(maxDays));
    const units = { m: 60_000, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };
    for (const [unit, ms] of Object.entries(units)) {
      const most = Math.floor((maxDays * DAY_MS) / ms);
      const counts = [1, 9, 10, 99, 100, 999, 1_000, most - 1, most].filter((count) => count > 0 && count <= most);
      for (const count of counts) expect(`${count}${unit}`).toMatch(pattern);
      for (const count of [0, most + 1, most * 10]) expect(`${count}${unit}`).not.toMatch(pattern);
    }
  });

  it.each([
    'today',
    'lastmonth',
    '24h offset 1d',
    '2026-01-01,2026-01-02',
    '2026-01-01T00:00:00Z,2026-01-02T00:00:00+01:00',
    '2026-01-01T00:00:00,2026-01-02T00:00:00.5',
    '1767247200,1767268800',
    '1767247200-1767268800',
  ])('have the window %s that the server reads', (window) => {
    expect(parseWindow(window, NOW)).toBeDefined();
    expect(window).toMatch(new RegExp(windowPattern(366)));
  });

  it.each([
    'namespace:"a"',
    'label[app.kubernetes.io/name]!~:"a","b"+pod<~:"x"',
    'label~:"a"+team:"b"+nodeLabel[x]!:"y"',
    '(namespace:"a"|node~>:"b")+( container : "c\\"d" )',
  ])('have the filter %s that the server reads', (filter) => {
    expect(() => parseAllocationFilter(filter)).not.toThrow();
    expect(filter).toMatch(new RegExp(FILTER_PATTERN));
  });

  it('have the cursor of a container with names of any kind', () => {
    const cursor = cursorAfter({ container: { namespace: 'a/b', pod: 'ü (1)', container: '%', node: '' }, end: NOW });

    expect(parseCursor(cursor)).toMatchObject({ end: NOW });
    expect(cursor).toMatch(new RegExp(ROW_CURSOR_PATTERN));
  });
});
