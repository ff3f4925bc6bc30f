import type { Container, PowerTick } from '../../records/power.ts';
import {
  type ContainerNames,
  containerKey,
  containerNames,
  powerFactsOf,
  samePowerFacts,
} from '../../records/power-facts.ts';
import type { Connection } from './database.ts';

/** Series remembered at most; beyond it the memory starts afresh, since pods come and go for ever. */
const REMEMBERED = 200_000;

/** A series as the database has it. */
export interface KnownSeries {
  readonly id: number;
  /** The container as it was written last, with how its power is known. */
  readonly container: Container;
}

/** Series by container, kept in memory once their transaction has lasted. */
export class SeriesNumbers {
  readonly #known = new Map<string, KnownSeries>();

  /** Series of all containers in some ticks; new ones are added, and changed qualities noted, within the transaction. */
  async resolve(connection: Connection, ticks: readonly PowerTick[]): Promise<Map<string, KnownSeries>> {
    const found = new Map<string, KnownSeries>();
    const missing = new Map<string, Container>();
    for (const { samples } of ticks)
      for (const { container } of samples) {
        const key = containerKey(container);
        const known = this.#known.get(key);
        if (known === undefined || !samePowerFacts(known.container, container)) missing.set(key, container);
        else found.set(key, known);
      }
    if (missing.size > 0) await addMissing(connection, missing, found);
    return found;
  }

  /** Remembers series whose transaction has lasted. */
  remember(series: ReadonlyMap<string, KnownSeries>): void {
    if (this.#known.size > REMEMBERED) this.#known.clear();
    for (const [key, one] of series) this.#known.set(key, one);
  }

  /** Forgets everything: series may have been removed from the database. */
  forget(): void {
    this.#known.clear();
  }
}

async function addMissing(
  connection: Connection,
  missing: ReadonlyMap<string, Container>,
  found: Map<string, KnownSeries>,
): Promise<void> {
  const rows = [...missing.values()].map((one) => {
    const { namespace, pod, container, node, device } = containerNames(one);
    const { power_quality, power_model } = powerFactsOf(one);
    return [namespace, pod, container, node, device, power_quality, power_model];
  });
  const columns = [0, 1, 2, 3, 4, 5, 6].map((column) => rows.map((row) => row[column]));
  await connection.query(
    `INSERT INTO power_series AS kept (namespace, pod, container, node, device, power_quality, power_model)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
     ON CONFLICT (namespace, pod, container, node, device) DO UPDATE SET
       power_quality = excluded.power_quality, power_model = excluded.power_model
     WHERE (kept.power_quality, kept.power_model) IS DISTINCT FROM (excluded.power_quality, excluded.power_model)`,
    columns,
  );
  const numbered = await connection.query<ContainerNames & { id: number }>(
    `SELECT id, namespace, pod, container, node, device
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS wanted (namespace, pod, container, node, device)
     JOIN power_series USING (namespace, pod, container, node, device)`,
    columns.slice(0, 5),
  );
  for (const { id, ...names } of numbered.rows) {
    const key = containerKey({ ...names, device: names.device || undefined });
    const container = missing.get(key);
    if (container !== undefined) found.set(key, { id, container });
  }
}
