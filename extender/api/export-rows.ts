import { csvField } from '../../shared/export/csv-field.ts';
import { isoTime } from '../../shared/grid/units.ts';
import type { Container, PowerSample } from '../../shared/records/power.ts';
import type { ByteWriter } from './byte-writer.ts';

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
  'gpu_joules',
] as const;

/** Separators between a row's values, in the order in which they are written. */
interface Between {
  readonly timestamp: Buffer;
  readonly watts: Buffer;
  readonly block: (first: string, last: string) => string;
  readonly joules: Buffer;
  readonly start: Buffer;
}

const JSON_BETWEEN: Between = {
  timestamp: Buffer.from(',"timestamp":"'),
  watts: Buffer.from('","joules_per_second":'),
  block: (first, last) => `,"block_start":"${first}","block_end":"${last}"`,
  joules: Buffer.from(',"joules":'),
  start: Buffer.from(',"start":"'),
};
const CSV_COMMA = Buffer.from(',');
const CSV_BETWEEN: Between = {
  timestamp: CSV_COMMA,
  watts: CSV_COMMA,
  block: (first, last) => `,${first},${last}`,
  joules: CSV_COMMA,
  start: CSV_COMMA,
};

/** Makes a function that writes samples as rows. What many rows share is written once and kept. */
export function rowWriter(writer: ByteWriter, format: 'json' | 'ndjson' | 'csv'): (sample: PowerSample) => void {
  let current: Container | undefined;
  let head: Uint8Array = CSV_COMMA;
  let tail = head;
  let lineEnd = head;
  let minute = Number.NaN;
  let block = head;
  const between = format === 'csv' ? CSV_BETWEEN : JSON_BETWEEN;
  return ({ container, start, end, joules }) => {
    if (container !== current) {
      current = container;
      [head, tail, lineEnd] = format === 'csv' ? csvNames(container) : jsonNames(container, format);
    }
    const from = Math.floor((end - 1) / MINUTE_MS) * MINUTE_MS;
    if (from !== minute) {
      minute = from;
      block = Buffer.from(between.block(isoTime(from), isoTime(from + MINUTE_MS)));
    }
    writer.bytes(head);
    writer.bytes(between.timestamp);
    writer.time(end);
    writer.bytes(between.watts);
    writer.number(joules / ((end - start) / 1000));
    writer.bytes(block);
    writer.bytes(between.joules);
    writer.number(joules);
    writer.bytes(between.start);
    writer.time(start);
    writer.bytes(tail);
    if (container.device === 'gpu') writer.number(joules);
    writer.bytes(lineEnd);
  };
}

/** What comes before a row's figures, after them, and after the energy of GPUs, which rows of processors lack. */
type RowParts = [head: Buffer, tail: Buffer, lineEnd: Buffer];

function jsonNames(of: Container, format: 'json' | 'ndjson'): RowParts {
  const { pod, container, namespace, node, powerQuality = 'measured', device } = of;
  const head = JSON.stringify({ pod, container, namespace }).slice(0, -1);
  const tail = JSON.stringify({ node, power_quality: powerQuality }).slice(1, -1);
  const unknown = device === undefined ? 'null' : '';
  const lineEnd = format === 'ndjson' ? '}\n' : '}';
  return [Buffer.from(head), Buffer.from(`",${tail},"gpu_joules":${unknown}`), Buffer.from(lineEnd)];
}

function csvNames({ pod, container, namespace, node, powerQuality = 'measured' }: Container): RowParts {
  const head = [pod, container, namespace].map(csvField).join(',');
  const tail = [node, powerQuality].map(csvField).join(',');
  return [Buffer.from(head), Buffer.from(`,${tail},`), Buffer.from('\r\n')];
}
