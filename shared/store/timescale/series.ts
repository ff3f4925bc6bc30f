import type { Container, PowerTick } from '../ports.ts';
import type { Connection } from './database.ts';

/** Series remembered at most; beyond it the memory starts afresh, since pods come and go for ever. */
const REMEMBERED = 200_000;

/** Numbers of series by container, kept in memory once their transaction has lasted. */
export class SeriesNumbers {
  readonly #known = new Map<string, number>();

  /** Numbers of all containers in some ticks, new ones added within the transaction. */
  async resolve(connection: Connection, ticks: readonly PowerTick[]): Promise<Map<string, number>> {
    const numbers = new Map<string, number>();
    const missing = new Map<string, Container>();
    for (const { samples } of ticks)
      for (const { container } of samples) {
        const key = seriesKey(container);
        const known = this.#known.get(key);
        if (known === undefined) missing.set(key, container);
        else numbers.set(key, known);
      }
    if (missing.size > 0) await addMissing(connection, missing, numbers);
    return numbers;
  }

  /** Remembers numbers whose transaction has lasted. */
  remember(numbers: ReadonlyMap<string, number>): void {
    if (this.#known.size > REMEMBERED) this.#known.clear();
    for (const [key, id] of numbers) this.#known.set(key, id);
  }

  /** Forgets everything: numbers may have been removed from the database. */
  forget(): void {
    this.#known.clear();
  }
}

/** Identity of a container as text. */
export function seriesKey({ namespace, pod, container, node }: Container): string {
  return `${namespace}\0${pod}\0${container}\0${node}`;
}

async function addMissing(
  connection: Connection,
  missing: ReadonlyMap<string, Container>,
  numbers: Map<string, number>,
): Promise<void> {
  const containers = [...missing.values()].map(({ namespace, pod, container, node }) => [
    namespace,
    pod,
    container,
    node,
  ]);
  const columns = [0, 1, 2, 3].map((column) => containers.map((names) => names[column]));
  await connection.query(
    `INSERT INTO power_series (namespace, pod, container, node)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
    columns,
  );
  const { rows } = await connection.query<Container & { id: number }>(
    `SELECT id, namespace, pod, container, node
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (namespace, pod, container, node)
     JOIN power_series USING (namespace, pod, container, node)`,
    columns,
  );
  for (const { id, ...container } of rows) numbers.set(seriesKey(container), id);
}
