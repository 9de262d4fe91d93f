/** What a server said instead of what was asked for. */
import type { ApiFailure } from './cluster.ts';
import { isFields, textOf } from './kubeconfig.ts';

/** One entry of metav1.Status.details.causes: which field, and what is wrong with it. */
export interface Cause {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly field: string | undefined;
}

export interface ApiErrorFields {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  /** The body as it came; a metav1.Status as a rule, anything at all from a proxy. */
  readonly text: string;
  readonly afterRetry: boolean;
}

/** Never more of a body that is no Status than this: a proxy's HTML page helps nobody. */
const MOST_TEXT = 300;

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** An error status. The message is the server's own. */
export class ApiError extends Error implements ApiFailure {
  readonly status: number;
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  readonly causes: readonly Cause[];
  /** An earlier attempt of this request got no answer and may have been carried out: a 409 or 404 may be our own doing. */
  readonly afterRetry: boolean;
  /** What the server advises to wait, in milliseconds; see Status.details.retryAfterSeconds. */
  readonly retryAfter: number | undefined;

  constructor(fields: ApiErrorFields) {
    const status = statusOf(fields.text);
    const details = isFields(status?.['details']) ? status['details'] : {};
    const causes = Array.isArray(details['causes']) ? (details['causes'] as unknown[]).filter(isFields) : [];
    super(textOf(status?.['message']) ?? plain(fields));
    this.name = 'ApiError';
    this.status = fields.status;
    this.reason = textOf(status?.['reason']) ?? REASONS[fields.status] ?? '';
    this.method = fields.method;
    this.path = fields.path;
    this.afterRetry = fields.afterRetry;
    this.causes = causes.map((cause) => ({
      reason: textOf(cause['reason']),
      message: textOf(cause['message']),
      field: textOf(cause['field']),
    }));
    this.retryAfter = typeof details['retryAfterSeconds'] === 'number' ? details['retryAfterSeconds'] * 1000 : undefined;
  }
}

function statusOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return isFields(value) && value['kind'] === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

function plain({ text, status, method, path }: ApiErrorFields): string {
  const shown = text.trim().replaceAll(/\s+/g, ' ').slice(0, MOST_TEXT);
  return shown === '' ? `${method} ${path} answered ${status} ${REASONS[status] ?? ''}`.trim() : shown;
}
