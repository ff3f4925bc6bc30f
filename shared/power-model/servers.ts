import table from '../data/server-power.json' with { type: 'json' };

/** A server whose power was published: a result of the SPECpower benchmark. */
export interface Server {
  readonly year: number;
  /** CPU model without its brand, such as `Platinum 8280`. */
  readonly cpu: string;
  /** Microarchitecture, such as `Cascade Lake`; empty where it is not known. */
  readonly family: string;
  /** Hardware threads of the whole system: what a cloud calls vCPUs. */
  readonly threads: number;
  /** Watts of the whole system while idle. */
  readonly idleWatts: number;
  /** Watts of the whole system under full load. */
  readonly fullWatts: number;
}

type Row = readonly [year: number, cpu: string, family: string, threads: number, idle: number, full: number];

/** All published servers from 2012 on. */
export const SERVERS: readonly Server[] = (table as unknown as readonly Row[]).map(
  ([year, cpu, family, threads, idleWatts, fullWatts]) => ({ year, cpu, family, threads, idleWatts, fullWatts }),
);
