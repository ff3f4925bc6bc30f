import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { architecturePage } from './pages/architecture.ts';
import { carbonCacheJsonSchema } from './pages/carbon-cache.ts';
import { chartValuesSchema } from './pages/chart-values.ts';
import { configurationPage } from './pages/configuration.ts';
import { errorsPage } from './pages/errors.ts';
import { metricsPage } from './pages/metrics.ts';
import { openApiPage } from './pages/openapi.ts';

/** Pages that are made from the code, and what makes them. */
const PAGES: Record<string, () => string | Promise<string>> = {
  'architecture.md': architecturePage,
  'configuration.md': configurationPage,
  'errors.md': errorsPage,
  'metrics.md': metricsPage,
  '../k8s/chart/values.schema.json': chartValuesSchema,
  'carbon-cache.schema.json': carbonCacheJsonSchema,
  'openapi.json': openApiPage,
};

const check = process.argv.includes('--check');
const outdated: string[] = [];
for (const [name, make] of Object.entries(PAGES)) {
  const path = join(import.meta.dirname, name);
  const page = await make();
  if (existsSync(path) && readFileSync(path, 'utf8') === page) continue;
  outdated.push(name);
  if (!check) writeFileSync(path, page);
}
if (check && outdated.length > 0) {
  console.error(`docs/ is behind the code: ${outdated.join(', ')}. Run: npm run docs`);
  process.exitCode = 1;
}
