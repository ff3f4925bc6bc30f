import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { spawn } from '../../children.ts';
import { startKubernetes } from '../../doubles/kubernetes.ts';
import { ROOT } from '../../laws/sources.ts';
import { eventually, startProcess } from '../../started-process.ts';
import { temporaryFolder } from '../cache/cache-file.ts';
import { annotation, gatedPod, gatesOf, ours, suspendedJob, writeKubeconfig } from './gated.ts';
import { gridText } from './grid-document.ts';

async function runWatchdog(env: Record<string, string>): Promise<{ code: number; errors: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'extender/main.ts'), '--watchdog'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const [code] = await once(child, 'exit');
  return { code, errors };
}

// Whole programs are started here, on machines that may be busy.
describe('the watchdog', { timeout: 120_000 }, () => {
  it('releases what the killed controller no longer can, and leaves what may still wait', async () => {
    await using cluster = await startKubernetes();
    await using folder = await temporaryFolder();
    const KUBECONFIG = await writeKubeconfig(folder.path, cluster.url);
    const CACHE_FILE = join(folder.path, 'carbon_cache.json');
    const now = Date.now();
    await writeFile(CACHE_FILE, gridText({ DE: [500, 400, 100, 400, 400, 400, 400, 400] }, now, 60));
    const own = { 'max-delay': '6h', duration: '30m' };
    cluster.create('pods', gatedPod('held', own, now));
    cluster.create('pods', gatedPod('may-wait', own, now));
    const listening = { EXTENDER_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_PORT: '0', API_HOST: '127.0.0.1' };
    const env = { ...listening, KUBECONFIG, CACHE_FILE, DATA_DIR: folder.path, DEFAULT_ZONE: 'DE', DEFERRAL: 'on' };
    await using extender = startProcess('extender', { ...env, DEFERRAL_PERIOD_SECONDS: '0.2' });
    const held = () => cluster.get('pods', 'batch/held');
    await eventually(async () => annotation(held(), 'planned-start'), Boolean);

    extender.child.kill('SIGKILL');
    await once(extender.child, 'exit');
    const pod = structuredClone(held());
    if (!pod) throw new Error('the pod is gone');
    Object.assign(pod.metadata.annotations ?? {}, ours({ deadline: isoTime(Date.now() - 1_000) }));
    cluster.update('pods', pod);
    cluster.create('jobs', suspendedJob('late', { 'max-delay': '1h' }, now - 2 * HOUR_MS));
    const first = await runWatchdog({ KUBECONFIG });
    const again = await runWatchdog({ KUBECONFIG });

    expect([first.code, again.code]).toEqual([0, 0]);
    expect(gatesOf(held())).toEqual(['example.org/other']);
    expect(annotation(held(), 'released-because')).toBe('watchdog');
    expect(cluster.get('jobs', 'batch/late')?.spec.suspend).toBe(false);
    expect(gatesOf(cluster.get('pods', 'batch/may-wait'))).toContain('carbon-extender.io/wait');
  });

  it('knows the defaults of the cluster and of namespaces, as the controller does', async () => {
    await using cluster = await startKubernetes();
    await using folder = await temporaryFolder();
    const KUBECONFIG = await writeKubeconfig(folder.path, cluster.url);
    const now = Date.now();
    cluster.create('namespaces', { metadata: { name: 'batch', annotations: ours({ 'max-delay': '2h' }) } });
    cluster.create('pods', gatedPod('by-namespace', {}, now - HOUR_MS));
    const elsewhere = gatedPod('by-cluster', {}, now - HOUR_MS);
    cluster.create('pods', { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'other' } });
    cluster.create('pods', gatedPod('too-late', {}, now - 3 * HOUR_MS));

    const { code } = await runWatchdog({ KUBECONFIG, DEFAULT_ANNOTATIONS: 'max-delay=6h' });

    const gates = ['batch/by-namespace', 'other/by-cluster', 'batch/too-late'].map((key) =>
      gatesOf(cluster.get('pods', key)).includes('carbon-extender.io/wait'),
    );
    expect([code, ...gates]).toEqual([0, true, true, false]);
  });

  it('fails loudly when the API server is away, and when there is no cluster at all', async () => {
    await using cluster = await startKubernetes();
    await using folder = await temporaryFolder();
    const KUBECONFIG = await writeKubeconfig(folder.path, cluster.url);
    cluster.failWith = 503;

    const away = await runWatchdog({ KUBECONFIG });
    const nowhere = await runWatchdog({ KUBECONFIG: '' });

    expect(away.code).toBe(1);
    expect(away.errors).toContain('503');
    expect(nowhere.code).toBe(1);
    expect(nowhere.errors).toContain('not inside a cluster');
  });
});
