import { expect, test } from 'vitest';
import { importTrace } from '../../../shared/grid/trace-import.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NAN = Number.NaN;

test('reads our own shape', () => {
  const trace = importTrace('hour_utc,DE,FR\n2026-01-01T00:00Z,300,50\n2026-01-01T01:00Z,,51\n');

  expect(trace.hours).toBe(2);
  expect([...(trace.zones.get(zone('DE')) ?? [])]).toEqual([300, NAN]);
});

test('reads an Electricity Maps export of several zones, out of order and with a gap', () => {
  const csv = [
    'Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%),Data source',
    '2026-01-01 02:00:00,Germany,Germany,DE,210.5,260.25,61,"example, quoted"',
    '2026-01-01 00:00:00,Germany,Germany,DE,200.5,250.25,60,x',
    '2026-01-01 01:00:00,"Korea, Republic of",South Korea,KR,400,450,30,x',
  ].join('\r\n');

  const trace = importTrace(csv);

  expect(trace.start).toBe(Date.parse('2026-01-01T00:00:00Z'));
  expect([...(trace.zones.get(zone('DE')) ?? [])]).toEqual([250.25, NAN, 260.25]);
  expect([...(trace.zones.get(zone('KR')) ?? [])]).toEqual([NAN, 450, NAN]);
  expect([...(importTrace(csv, 'direct').zones.get(zone('DE')) ?? [])]).toEqual([200.5, NAN, 210.5]);
});

test('reads the older Electricity Maps header', () => {
  const csv =
    'Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA)\n2026-01-01 00:00:00,France,France,FR,20,44\n';

  expect([...(importTrace(csv).zones.get(zone('FR')) ?? [])]).toEqual([44]);
});

test('reads half-hours of the UK as the mean of those that are known, and never takes a forecast for a reading', () => {
  const csv = [
    'datetime,forecast,actual,index',
    '2026-01-01T00:00Z,180,100,moderate',
    '2026-01-01T00:30Z,180,120,moderate',
    '2026-01-01T01:00Z,180,,moderate',
    '2026-01-01T01:30Z,180,90,low',
    '2026-01-01T02:00Z,180,null,moderate',
  ].join('\n');

  const trace = importTrace(csv);

  expect([...(trace.zones.get(zone('GB')) ?? [])]).toEqual([110, 90, NAN]);
  expect(importTrace(csv.replace('datetime', 'from'))).toEqual(trace);
});

test.each([
  ['a,b\n1,2', /neither ours/],
  ['datetime,forecast,actual\n', /no rows/],
  ['datetime,forecast,actual\n2026-01-01T00:00Z,1,2\nyesterday,1,2', /line 3: "yesterday"/],
  ['datetime,forecast,actual\n2026-01-01T00:00Z,1,many', /line 2: "many"/],
  ['datetime,forecast,actual\n1926-01-01T00:00Z,1,2\n2026-01-01T00:00Z,1,2', /20 years/],
  ['datetime,forecast,actual\n2026-01-01T00:00Z,1,-2', /line 2: "-2" is not a carbon intensity/],
  ['datetime,forecast,actual\n2026-01-01T00:00Z,1,1e400', /line 2: "1e400" is not a carbon intensity/],
  ['\n\ndatetime,forecast,actual\n\n2026-01-01T00:00Z,1,2\nyesterday,1,2', /line 6: "yesterday"/],
  ['\nhour_utc,DE\n\n2026-01-01T00:00Z,1\n\n2026-01-01T02:00Z,2', /line 6 is not the hour after/],
  ['hour_utc,DE\n2026-01-01T00:00Z,many', /line 2: "many" is not a carbon intensity/],
  ['hour_utc,DE\n2026-01-01T00:00Z,1,5', /line 2 has more cells than the header/],
  ['hour_utc,DE\n', /line 2 does not start with a full UTC hour/],
  ['Datetime (UTC),Zone id,Carbon intensity (direct)\n2026-01-01 00:00:00,DE,1', /lifecycle/],
])('names what is wrong with %j', (csv, message) => {
  expect(() => importTrace(csv)).toThrow(message);
});
