/** Amounts by resource, in the resource's base unit (CPUs, bytes, pieces). */
export type Amounts = Readonly<Record<string, number>>;

/** Something that plans fill up: the nodes that work can use in a zone, or the quota of a queue. */
export interface Space {
  /** The same for all work that shares it. */
  readonly pool: string;
  /** Free amounts, were nothing planned. */
  readonly free: Amounts;
}
