import { embodiedShareOf, facilityJoulesOf, type MachineHour } from '../emissions/machine-hours.ts';
import { JOULES_PER_KWH } from '../grid/units.ts';
import type { RowOf } from './rows.ts';
import type { StatementFigures } from './statement.ts';

type Machine = StatementFigures['machines'][number];

/** Energy of buildings and the making of machines, added up beside the energy that they are of. */
export class MachineSums {
  #facilityJoules: number | undefined;
  #withoutPue = 0;
  #grams: number | undefined;
  #withoutMaking = 0;
  readonly #sources = new Map<
    string,
    { figure: Machine['figure']; source: string; nodes: Set<string>; value: number }
  >();

  /** Adds energy of a node, with its machine in that hour where anything is known of it. */
  add(joules: number, row: RowOf<'machine'> | undefined): void {
    const machine = row && machineOf(row);
    const facility = facilityJoulesOf(joules, machine);
    if (facility === undefined) this.#withoutPue += joules;
    else this.#facilityJoules = (this.#facilityJoules ?? 0) + facility;
    const grams = embodiedShareOf(joules, machine);
    if (grams === undefined) this.#withoutMaking += joules;
    else this.#grams = (this.#grams ?? 0) + grams;
  }

  /** Notes where the figures of a machine in an hour are from. */
  addSources(row: RowOf<'machine'>): void {
    const { node, pue, pue_source, embodied_grams, embodied_source } = row;
    if (pue !== null) this.#note('pue', `${pue_source}`, node).value = pue;
    if (embodied_grams !== null) this.#note('embodied', `${embodied_source}`, node).value += embodied_grams;
  }

  figures(): Pick<StatementFigures, 'facility' | 'embodied' | 'machines'> {
    const facility = this.#facilityJoules;
    return {
      facility: {
        kwh: facility === undefined ? null : facility / JOULES_PER_KWH,
        unknown_kwh: this.#withoutPue / JOULES_PER_KWH,
      },
      embodied: { grams: this.#grams ?? null, unknown_kwh: this.#withoutMaking / JOULES_PER_KWH },
      machines: [...this.#sources]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { nodes, ...source }]) => ({ ...source, nodes: nodes.size })),
    };
  }

  #note(figure: Machine['figure'], source: string, node: string) {
    const key = `${figure}\0${source}`;
    const known = this.#sources.get(key) ?? { figure, source, nodes: new Set<string>(), value: 0 };
    this.#sources.set(key, known);
    known.nodes.add(node);
    return known;
  }
}

function machineOf(row: RowOf<'machine'>): MachineHour {
  const { pue, pue_source, embodied_grams, embodied_source, node_joules: nodeJoules } = row;
  return {
    pue: pue === null ? undefined : { value: pue, source: `${pue_source}` },
    embodiedGrams: embodied_grams === null ? undefined : { value: embodied_grams, source: `${embodied_source}` },
    nodeJoules,
  };
}
