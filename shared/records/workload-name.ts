/** Characters of suffixes that Kubernetes generates: no vowels and no digits that look like letters (apimachinery, util/rand). */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';
/** Pod of a Deployment (hash of the ReplicaSet, suffix), of a CronJob (minutes since 1970, suffix), of a Job or DaemonSet (suffix). */
const GENERATED = new RegExp(`^(.+?)(-[${SAFE}]{8,10}-[${SAFE}]{5}|-\\d{8,}-[${SAFE}]{5}|-[${SAFE}]{5})$`);
/** Pod of a StatefulSet: the number of the replica. */
const NUMBERED = /^(.+)-\d+$/;

/**
 * The workload of a pod, from its name: owners are not part of recorded power. A pod whose name ends in no generated
 * suffix is its own workload.
 */
export function workloadName(pod: string): string {
  return GENERATED.exec(pod)?.[1] ?? NUMBERED.exec(pod)?.[1] ?? pod;
}
