import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Credentials, writeCredentials, writeKubeconfig } from './credentials.ts';
import { apiServerFlags, etcdFlags, schedulerFlags, withKubeconfig } from './flags.ts';
import { type Program, startOnFreePort, startProgram, waitUntilReady } from './program.ts';

/** Where the binaries are (made by `assets/build`), an empty folder of this control plane's own, and perhaps an older version that its API server behaves like. */
export type ControlPlaneOptions = { assets: string; dir: string; emulatedVersion?: string };

/** A running kube-scheduler: `logs` is all its output so far, `server` where it serves /metrics to the administrator's token. */
export type Scheduler = AsyncDisposable & { logs(): string; server: string };

/** A Kubernetes API without nodes or controllers. `kubeconfig` is a path; `ca` is PEM; disposing it stops its schedulers too. */
export type ControlPlane = AsyncDisposable & {
  kubeconfig: string;
  server: string;
  token: string;
  ca: string;
  logs(): string;
  startScheduler(configYaml: string, verbosity?: number): Promise<Scheduler>;
};

/** Starts etcd and kube-apiserver on the loopback and resolves when objects can be created in the namespace `default`. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const assets = findAssets(resolve(options.assets));
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const credentials = await writeCredentials(dir);

  await using starting = new AsyncDisposableStack();
  const etcd = starting.use(startProgram({ assets, dir, name: 'etcd', logName: 'etcd.log', args: etcdFlags() }));
  const { program, server } = await startApiServer(
    { assets, dir, emulated: options.emulatedVersion },
    etcd,
    credentials,
  );
  starting.use(program);
  const kubeconfig = join(dir, 'kubeconfig');
  await writeKubeconfig(kubeconfig, server, credentials);

  const running = starting.move();
  let schedulers = 0;
  return {
    ...credentials,
    kubeconfig,
    server,
    logs: program.logs,
    startScheduler: async (configYaml, verbosity = 2) => {
      const name = `scheduler-${++schedulers}`;
      return running.use(await startScheduler({ assets, dir, name, kubeconfig, credentials, configYaml, verbosity }));
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function findAssets(assets: string): string {
  const missing = ['etcd', 'kube-apiserver', 'kube-scheduler'].filter((name) => !existsSync(join(assets, name)));
  if (missing.length === 0) return assets;
  throw new Error(`${missing.join(', ')} missing in ${assets}: run test/cluster/assets/build ${assets}`);
}

async function startApiServer(
  { assets, dir, emulated }: { assets: string; dir: string; emulated: string | undefined },
  etcd: Program,
  { ca, token }: Credentials,
) {
  const { program, answer } = await startOnFreePort(
    (port) =>
      startProgram({
        assets,
        dir,
        name: 'kube-apiserver',
        logName: 'kube-apiserver.log',
        args: apiServerFlags(port, emulated),
      }),
    async (program, port) => {
      const server = `https://127.0.0.1:${port}`;
      await waitUntilReady([etcd, program], { url: `${server}/readyz`, ca, token });
      // /readyz does not wait for the namespaces, and without `default` no pod can be created.
      await waitUntilReady([etcd, program], { url: `${server}/api/v1/namespaces/default`, ca, token });
      return server;
    },
  );
  return { program, server: answer };
}

type SchedulerOptions = {
  assets: string;
  dir: string;
  name: string;
  kubeconfig: string;
  credentials: Credentials;
  configYaml: string;
  verbosity: number;
};

async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { assets, dir, name, kubeconfig, credentials, configYaml, verbosity } = options;
  const config = join(dir, `${name}.yaml`);
  await writeFile(config, withKubeconfig(configYaml, kubeconfig));
  const { program, answer } = await startOnFreePort(
    (port) =>
      startProgram({
        assets,
        dir,
        name: 'kube-scheduler',
        logName: `${name}.log`,
        args: schedulerFlags({ config, kubeconfig, port, verbosity }),
      }),
    async (program, port) => {
      const server = `https://127.0.0.1:${port}`;
      await waitUntilReady([program], { ...credentials, url: `${server}/readyz` });
      return server;
    },
  );
  return { logs: program.logs, server: answer, [Symbol.asyncDispose]: program[Symbol.asyncDispose] };
}
