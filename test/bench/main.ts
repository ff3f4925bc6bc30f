import { benchExposition } from './exposition.ts';
import type { Comparison } from './measure.ts';
import { benchPrioritize } from './prioritize.ts';

/** Every bench by name. Each compares with a floor that is measured in the same run; only the ratios mean anything. */
const BENCHES: Readonly<Record<string, () => Promise<readonly Comparison[]>>> = {
  exposition: benchExposition,
  prioritize: benchPrioritize,
};

const [wanted] = process.argv.slice(2);
if (wanted !== undefined && !Object.hasOwn(BENCHES, wanted)) {
  console.error(`no bench is called ${wanted}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(1);
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted !== undefined && wanted !== name) continue;
  console.log(`\n${name}: ours / floor, both from this run (µs)`);
  console.table(Object.fromEntries((await bench()).map((comparison) => [comparison.name, row(comparison)])));
}

function row({ ours, floor }: Comparison): Record<string, string> {
  return {
    'p50 ratio': (ours.p50 / floor.p50).toFixed(2),
    'p99 ratio': (ours.p99 / floor.p99).toFixed(2),
    'ours p50': ours.p50.toFixed(0),
    'floor p50': floor.p50.toFixed(0),
    'ours p99': ours.p99.toFixed(0),
    'floor p99': floor.p99.toFixed(0),
  };
}
