import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { CREDENTIAL_FILES } from './credentials.ts';
import { type Program, startOnFreePort, startProgram, waitUntilReady } from './program.ts';

/** The folder of the programs if it has kube-controller-manager, too; undefined, said loudly, where it has not. */
export function controllerManagerAssets(assets: string | undefined): string | undefined {
  if (assets === undefined || existsSync(join(assets, 'kube-controller-manager'))) return assets;
  process.stderr.write(
    '\n!! LEFT OUT: the tests with a real kube-controller-manager. To run them: ' +
      `test/cluster/assets/build ${assets} kube-controller-manager\n\n`,
  );
  return undefined;
}

/** Starts the controllers of Jobs and CronJobs against a control plane in `dir`. */
export async function startControllerManager(assets: string, dir: string, plane: ControlPlane): Promise<Program> {
  const args = (port: number) => [
    '--controllers=job-controller,cronjob-controller',
    '--kubeconfig=kubeconfig',
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${CREDENTIAL_FILES.serverCertificate}`,
    `--tls-private-key-file=${CREDENTIAL_FILES.serverKey}`,
    '--authentication-kubeconfig=kubeconfig',
    '--authorization-kubeconfig=kubeconfig',
    // The API server has no certificate authority for clients that could be looked up.
    '--authentication-skip-lookup=true',
  ];
  const { program } = await startOnFreePort(
    (port) =>
      startProgram({ assets, name: 'kube-controller-manager', dir, logName: 'controllers.log', args: args(port) }),
    (started, port) => waitUntilReady([started], { ...plane, url: `https://127.0.0.1:${port}/healthz` }),
  );
  return program;
}
