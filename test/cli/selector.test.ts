import { expect, it } from 'vitest';
import { run, temporaryFolder } from './run.ts';

it('says that there is no cluster to ask for labels, and what to write instead', async () => {
  using home = temporaryFolder();
  const { HOME } = process.env;
  process.env.HOME = home.path;

  const args = ['services', 'measure', '--service', 's', '--selector', 'shop/app=web', '--requests', '10'];
  const { code, notes } = await run(args, { DATA_DIR: home.path });
  process.env.HOME = HOME;

  expect(code).toBe(2);
  expect(notes).toMatch(/KUBECONFIG: .*\.kube\/config/);
  expect(notes).toContain('write namespace/workload instead');
});
