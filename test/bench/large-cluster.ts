import { loadavg } from 'node:os';
import { openPage, settled } from '../browser/chromium.ts';
import { startWorld } from '../browser/world.ts';
import { timing } from './measure.ts';

const PODS = 6_000;
const SAMPLES = 9;
/** What the page promises on an otherwise idle machine, in milliseconds. */
const PROMISED = { 'first useful picture': 1_000, 'search to row': 300 };
const WANTED = 'service-299-7c9f6b8d5d-bhmmm';

/**
 * Milliseconds that a person waits in the Emissions view of a large cluster, by the page's own clock; the median of several.
 */
export async function benchLargeCluster(): Promise<void> {
  await using world = await startWorld({ manyPods: PODS });
  await using open = await openPage();
  const { page } = open;
  await page.addInitScript(WATCH);
  const took = { 'first useful picture': [] as number[], 'search to row': [] as number[] };
  for (let sample = 0; sample < SAMPLES; sample++) {
    await page.goto(`${world.url}/?view=emissions&by=pod`);
    await settled(page);
    took['first useful picture'].push(Number(await page.evaluate('waited.rowsAt')));
    await page.fill('#search', WANTED);
    await page.waitForSelector('#rows tbody tr:only-child');
    took['search to row'].push(Number(await page.evaluate('waited.foundAt - waited.typedAt')));
  }
  for (const [name, all] of Object.entries(took)) {
    const promised = PROMISED[name as keyof typeof PROMISED];
    console.log(`${PODS} pods, ${name}: ${timing(all).p50.toFixed(0)} ms (promised on an idle machine: ${promised})`);
  }
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
}

/** Runs in the page: when the first row appeared, when the last key was pressed, and when one row was left. */
const WATCH = `
  const waited = (globalThis.waited = {});
  addEventListener('input', () => Object.assign(waited, { typedAt: performance.now(), foundAt: undefined }), true);
  new MutationObserver(() => {
    const rows = document.querySelectorAll('#rows tbody tr').length;
    if (rows > 0) waited.rowsAt ??= performance.now();
    if (rows === 1 && waited.typedAt) waited.foundAt ??= performance.now();
  }).observe(document, { childList: true, subtree: true });
`;
