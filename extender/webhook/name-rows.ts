import type { Zone } from '../../shared/grid/zones.ts';
import { type CandidateNode, type Candidates, type NodeView, ROW_BYTES } from '../placement/candidate-table.ts';
import { clearRows, type NameTable, nameAt, placeAt, rowAt, setRow } from './name-table.ts';
import type { NamesInText } from './score-response.ts';

/** The names of one request, each once, in its order. Valid until the next request is read. */
export interface NameList extends NamesInText {
  /** The record of each name in the table. */
  readonly records: Int32Array;
}

/** What the newest view knows of the names of a table. */
export interface NameRows {
  /** The candidates of a list. Each name is looked up once in each view. */
  candidates(list: NameList, view: NodeView): Candidates;
}

/** The number of a view takes two bytes of a record. */
const MOST_VIEWS = 0xffff;
/** The row of the nodes whose zone is not known. */
const NO_ZONE = 0;

/** What was looked up in one view. */
interface ViewRows {
  readonly view: NodeView;
  readonly number: number;
  /** The intensity of each row, NaN where it is not known: that of a zone, which most of its nodes share. */
  readonly intensities: number[];
  readonly byZone: Map<Zone | undefined, number>;
  /** Candidates by the place of their name. */
  readonly nodes: (CandidateNode | undefined)[];
  /** Whether the power of any node is known. */
  measured: boolean;
}

/** Starts without a view. */
export function createNameRows(table: NameTable): NameRows {
  let rows: ViewRows | undefined;
  return {
    candidates(list, view) {
      if (rows?.view !== view) {
        const number = ((rows?.number ?? 0) % MOST_VIEWS) + 1;
        if (number === 1) clearRows(table);
        rows = startView(view, number, table.limit);
      }
      return candidatesOf(list, rows, table);
    },
  };
}

function startView(view: NodeView, number: number, limit: number): ViewRows {
  return {
    ...{ view, number, intensities: [Number.NaN], byZone: new Map([[undefined, NO_ZONE]]), measured: false },
    // Of full length from the start: an array that grew by its last places first would be kept as a dictionary.
    nodes: new Array<CandidateNode | undefined>(limit).fill(undefined),
  };
}

function candidatesOf({ records, count }: NameList, rows: ViewRows, table: NameTable): Candidates {
  const { records: memory } = table;
  const { number, intensities, nodes } = rows;
  const places = new Uint16Array(count);
  const groups = new Uint16Array(count);
  let unplaced = 0;
  for (let index = 0; index < count; index++) {
    const record = records[index] as number;
    const row = rowAt(memory, record, number) ?? lookUp(record, rows, memory);
    places[index] = placeAt(memory, record);
    groups[index] = row;
    if (row === NO_ZONE) unplaced += 1;
  }
  const nodesOf = () => Array.from(places, (place) => nodes[place] as CandidateNode);
  const kept = { bytes: places.byteLength, sharedBytes: table.count * ROW_BYTES, nodes: nodesOf };
  return { count, groups, intensities, unplaced, measured: rows.measured, nodes: nodesOf, keep: () => kept };
}

function lookUp(record: number, rows: ViewRows, memory: DataView): number {
  const { view, number, intensities, byZone, nodes } = rows;
  const node = view.candidate({ name: nameAt(memory, record) });
  nodes[placeAt(memory, record)] = node;
  if (node.watts !== undefined) rows.measured = true;
  let row = byZone.get(node.zone);
  if (row === undefined) {
    row = intensities.push(node.intensity ?? Number.NaN) - 1;
    byZone.set(node.zone, row);
  }
  setRow(memory, record, number, row);
  return row;
}
