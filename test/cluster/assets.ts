/** Where etcd, kube-apiserver and kube-scheduler lie; undefined, said loudly, when KUBE_ASSETS is not set. */
export function clusterAssets(): string | undefined {
  const assets = process.env.KUBE_ASSETS;
  if (!assets)
    process.stderr.write(
      '\n!! LEFT OUT: the cluster tests. To run them: test/cluster/assets/build DIR && KUBE_ASSETS=DIR npm run test:cluster\n\n',
    );
  return assets || undefined;
}
