import { benchDashboard } from './dashboard.ts';
import { benchDemo } from './demo.ts';
import { benchExport } from './export.ts';
import { benchExposition } from './exposition.ts';
import { benchForecast } from './forecast.ts';
import { benchHistoryQueries } from './history-queries.ts';
import { benchInterference } from './interference.ts';
import { benchLargeCluster } from './large-cluster.ts';
import { type Comparison, printComparisons } from './measure.ts';
import { benchMemory } from './memory.ts';
import { benchNodes } from './nodes.ts';
import { benchPowerModel } from './power-model.ts';
import { benchPrioritize } from './prioritize.ts';
import { benchReadings } from './readings.ts';
import { benchSimulate } from './simulate.ts';
import { benchSums } from './sums.ts';

/** Every bench by name. Each prints figures beside a floor or rival of the same run; only the ratios mean anything. */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  dashboard: compared(benchDashboard),
  demo: benchDemo,
  export: benchExport,
  exposition: compared(benchExposition),
  forecast: async () => benchForecast({ isFull: process.argv.includes('--full') }),
  history: compared(benchHistoryQueries),
  interference: compared(benchInterference),
  'large-cluster': benchLargeCluster,
  memory: benchMemory,
  nodes: compared(benchNodes),
  'power-model': benchPowerModel,
  prioritize: compared(benchPrioritize),
  readings: benchReadings,
  simulate: benchSimulate,
  sums: compared(benchSums),
};

const wanted = process.argv.slice(2).filter((word) => word !== '--full');
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(1);
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n# ${name}`);
  await bench();
}

function compared(bench: () => Promise<readonly Comparison[]>): () => Promise<void> {
  return async () => printComparisons(await bench());
}
