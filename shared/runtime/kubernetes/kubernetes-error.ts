/** An unsuccessful response of the API server. */
export class KubernetesError extends Error {
  readonly status: number;
  readonly path: string;
  /** Kubernetes' own word for it, such as `NotFound`, `Conflict`, `Forbidden`; empty where it gave none. */
  readonly reason: string;

  constructor(path: string, status: number, reason: string, message: string) {
    super(`${path}: ${status} ${reason} ${message}`.trim());
    this.name = 'KubernetesError';
    this.status = status;
    this.path = path;
    this.reason = reason;
  }
}

/** The error of an unsuccessful response: its `Status` object, or the beginning of any other text. */
export function errorOf(path: string, status: number, text: string): KubernetesError {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    return new KubernetesError(path, status, String(reason ?? ''), String(message ?? ''));
  } catch {
    return new KubernetesError(path, status, '', text.slice(0, 200));
  }
}

/** Whether a write failed because its object is gone, or is another one of the same name, or has changed meanwhile. */
export function isObsolete(error: unknown): boolean {
  return error instanceof KubernetesError && (error.status === 404 || error.status === 409);
}
