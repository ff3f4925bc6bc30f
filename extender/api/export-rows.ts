import type { Container, PowerSample } from '../../shared/store/ports.ts';
import { timeWriter } from './time-writer.ts';

const MINUTE_MS = 60_000;

/** Columns of the CSV export, in the order of its header. */
export const EXPORT_COLUMNS = [
  'pod',
  'container',
  'namespace',
  'timestamp',
  'joules_per_second',
  'block_start',
  'block_end',
  'joules',
  'start',
  'node',
  'power_quality',
] as const;

/** Makes a function that writes samples as rows. What many rows share is written once and kept. */
export function rowWriter(format: 'json' | 'csv'): (sample: PowerSample) => string {
  let current: Container | undefined;
  let head = '';
  let tail = '';
  let minute = Number.NaN;
  let block = '';
  const csv = format === 'csv';
  const time = timeWriter();
  return ({ container, start, end, joules }) => {
    if (container !== current) {
      current = container;
      [head, tail] = csv ? csvNames(container) : jsonNames(container);
    }
    const from = Math.floor((end - 1) / MINUTE_MS) * MINUTE_MS;
    if (from !== minute) {
      minute = from;
      const [first, last] = [time(from), time(from + MINUTE_MS)];
      block = csv ? `${first},${last}` : `"block_start":"${first}","block_end":"${last}"`;
    }
    const begins = time(start);
    const ends = time(end);
    const watts = joules / ((end - start) / 1000);
    return csv
      ? `${head},${ends},${watts},${block},${joules},${begins},${tail}\r\n`
      : `${head},"timestamp":"${ends}","joules_per_second":${watts},${block},"joules":${joules},"start":"${begins}",${tail}}`;
  };
}

function jsonNames({ pod, container, namespace, node, powerQuality = 'measured' }: Container): [string, string] {
  const head = JSON.stringify({ pod, container, namespace }).slice(0, -1);
  const tail = JSON.stringify({ node, power_quality: powerQuality }).slice(1, -1);
  return [head, tail];
}

function csvNames({ pod, container, namespace, node, powerQuality = 'measured' }: Container): [string, string] {
  return [[pod, container, namespace].map(csvField).join(','), [node, powerQuality].map(csvField).join(',')];
}

/** A field as RFC 4180 has it. A leading sign that a spreadsheet would run as a formula is kept from it by a quote. */
function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
