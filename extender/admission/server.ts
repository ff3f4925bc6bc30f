import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import {
  type ListeningServer,
  listen,
  pathOf,
  sendJson,
  sendProblemDetail,
  TIMEOUTS,
} from '../../shared/runtime/http-server.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { readBody } from '../webhook/body.ts';
import { gateChanges, type PolicyOf } from './gates.ts';
import type { KeyPair } from './issue-certificate.ts';
import type { QueueDefaults } from './queue-defaults.ts';
import { admissionReview, allowedReview } from './review.ts';

/** The admission webhook, listening with TLS. */
export interface AdmissionServer extends ListeningServer {
  /** Serves new connections with another certificate. */
  useCertificate(certificate: KeyPair): void;
}

/** An object is at most 1.5 MiB in etcd; a review of an update holds it twice, in JSON. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** How a review ended, as the metrics count it. */
export type ReviewOutcome = 'changed' | 'unchanged' | 'invalid';

/** Serves POST /admit. */
export async function startAdmissionServer(options: {
  readonly host: string;
  readonly port: number;
  readonly certificate: KeyPair;
  readonly policyOf: PolicyOf;
  readonly queues: QueueDefaults;
  readonly count: (outcome: ReviewOutcome) => void;
  readonly logger: Logger;
}): Promise<AdmissionServer> {
  const { certificate, logger } = options;
  const server = createServer({ ...TIMEOUTS, ...contextOf(certificate), minVersion: 'TLSv1.2' });
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, options).catch((err: Error) => {
      logger.error({ code: 'ADMISSION_FAILED', err }, 'could not respond to an admission review');
      response.destroy();
    });
  };
  const listening = await listen(handler, options, server);
  return { ...listening, useCertificate: (renewed) => server.setSecureContext(contextOf(renewed)) };
}

function contextOf({ certificate, key }: KeyPair) {
  return { cert: certificate, key };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  {
    policyOf,
    queues,
    count,
  }: {
    readonly policyOf: PolicyOf;
    readonly queues: QueueDefaults;
    readonly count: (outcome: ReviewOutcome) => void;
  },
): Promise<void> {
  if (request.method !== 'POST' || pathOf(request) !== '/admit')
    return void sendProblemDetail(response, 404, 'not found; the API server sends POST /admit');
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body.kind === 'aborted') return;
  if (body.kind === 'too-large')
    return void sendProblemDetail(response, 413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
  const review = admissionReview.safeParse(jsonOf(body.bytes));
  if (!review.success) {
    count('invalid');
    return void sendProblemDetail(response, 400, 'the body is not an AdmissionReview of admission.k8s.io/v1');
  }
  const changes = gateChanges(review.data.request, policyOf, queues);
  count(changes.length === 0 ? 'unchanged' : 'changed');
  sendJson(response, 200, allowedReview(review.data.request.uid, changes));
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
