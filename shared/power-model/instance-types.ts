import table from '../data/instance-power.json' with { type: 'json' };

/** Watts of a machine at four utilisations, without its GPUs. */
export interface WattsByLoad {
  readonly idle: number;
  readonly at10: number;
  readonly at50: number;
  readonly full: number;
}

/** A machine type of a cloud. */
export interface InstanceType {
  readonly vcpus: number;
  readonly memoryGb: number;
  /** Watts of the type itself, memory included, where they were published. */
  readonly watts?: WattsByLoad;
  /** The idle watts of its memory, part of `watts.idle`. */
  readonly memoryWatts?: number;
  /** Microarchitectures that the type may run on; empty where they are not known. */
  readonly families: readonly string[];
}

type Measured = readonly [
  vcpus: number,
  memory: number,
  idle: number,
  at10: number,
  at50: number,
  full: number,
  memoryIdle: number,
];
type Listed = readonly [vcpus: number, memory: number, families: readonly string[]];

/** Finds a machine type by its cloud and name, such as `aws` and `m5.xlarge`; undefined when the table lacks it. */
export function instanceType(cloud: string, name: string): InstanceType | undefined {
  if (cloud === 'aws') return measured((table.aws as unknown as Readonly<Record<string, Measured>>)[name]);
  if (cloud === 'gcp' || cloud === 'azure')
    return listed((table[cloud] as unknown as Readonly<Record<string, Listed>>)[name]);
  return undefined;
}

/** The same size in the nearest older generation of the same family that the table has: `m5.xlarge` for `m7i.xlarge`. */
export function olderType(cloud: string, name: string): string | undefined {
  const parsed = cloud === 'aws' ? /^([a-z]+)(\d+)([a-z-]*)\.(.+)$/.exec(name) : null;
  if (parsed === null) return undefined;
  const [, family = '', generation = '', suffix = '', size = ''] = parsed;
  for (let older = Number(generation); older > 0; older -= 1)
    for (const variant of variantsOf(suffix)) {
      const candidate = `${family}${older}${variant}.${size}`;
      if (candidate !== name && instanceType(cloud, candidate) !== undefined) return candidate;
    }
  return undefined;
}

/** The suffix names the maker of the CPU (i, a, g) and extras such as local disks (d) or network (n), which weigh less. */
function variantsOf(suffix: string): readonly string[] {
  const maker = /^[iag]/.exec(suffix)?.[0] ?? '';
  // Intel had no letter before the sixth generation; another maker's CPU is not a stand-in.
  return [...new Set([suffix, maker, ...(maker === 'i' ? [''] : [])])];
}

function measured(row: Measured | undefined): InstanceType | undefined {
  if (row === undefined) return undefined;
  const [vcpus, memoryGb, idle, at10, at50, full, memoryWatts] = row;
  return { vcpus, memoryGb, watts: { idle, at10, at50, full }, memoryWatts, families: [] };
}

function listed(row: Listed | undefined): InstanceType | undefined {
  if (row === undefined) return undefined;
  const [vcpus, memoryGb, families] = row;
  return { vcpus, memoryGb, families };
}
