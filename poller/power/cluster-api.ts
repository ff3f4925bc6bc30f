import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';

/** How the Kubernetes API is reached. */
export interface ClusterAccess {
  /** Base address, for example https://10.0.0.1:443. */
  readonly url: string;
  /** Folder with `token` and `ca.crt`, read for every request because both are renewed. */
  readonly credentials: string;
}

const TIMEOUT_MS = 10_000;

/** Gets JSON from the Kubernetes API; throws with the status of any response but 200. */
export async function askCluster(access: ClusterAccess, path: string, accept = 'application/json'): Promise<unknown> {
  const [token, ca] = await Promise.all(
    ['token', 'ca.crt'].map((name) => readFile(join(access.credentials, name), 'utf8').catch(() => undefined)),
  );
  const agent = new Agent({ connect: { ...(ca && { ca }) } });
  try {
    const { statusCode, body } = await request(access.url + path, {
      dispatcher: agent,
      headers: { accept, ...(token && { authorization: `Bearer ${token.trim()}` }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (statusCode === 200) return await body.json();
    throw new Error(`the Kubernetes API responds with HTTP ${statusCode} to ${path.split('?')[0]}`);
  } finally {
    await agent.destroy();
  }
}
