import type { Connection } from './database.ts';

/** A series, or a group of them, by number, with its class and its list of prices. */
export type Member = readonly [id: number, classAt: number, list: number];
/** A series with the group that it belongs to: see {@link groupKey}. */
export type SeriesMember = readonly [...Member, group: string];

interface GroupRow {
  readonly id: number;
  readonly namespace: string;
  readonly node: string;
  readonly device: string;
  readonly series: number;
}

/** What all series of a group have in common, as a key. */
export function groupKey({ namespace, node, device }: Omit<GroupRow, 'id' | 'series'>): string {
  return `${namespace}\0${node}\0${device}`;
}

/** Finds groups of which every series is a member, and all with one class and one list; the other members stay series. */
export async function wholeGroups(
  connection: Connection,
  members: readonly SeriesMember[],
): Promise<{ readonly groups: readonly Member[]; readonly series: readonly Member[] }> {
  const { rows } = await connection.query<GroupRow>(
    `SELECT power_group.*, count(*)::integer AS series
     FROM power_group JOIN power_series USING (namespace, node, device) GROUP BY power_group.id`,
  );
  const known = new Map(rows.map((row) => [groupKey(row), row]));
  const groups: Member[] = [];
  const series: Member[] = [];
  for (const [key, of] of Map.groupBy(members, ([, , , group]) => group)) {
    const group = known.get(key);
    const [[, classAt, list]] = of as readonly SeriesMember[] as readonly [SeriesMember];
    const isWhole = group?.series === of.length && of.every((one) => one[1] === classAt && one[2] === list);
    if (group !== undefined && isWhole) groups.push([group.id, classAt, list]);
    else for (const [id, classOf, listOf] of of) series.push([id, classOf, listOf]);
  }
  return { groups, series };
}
