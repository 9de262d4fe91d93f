/** One request, one answer, once: no retry, no opinion about status. The cheapest path through undici, since bulk traffic is made of it. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { Dispatcher } from 'undici';

import type { Headers } from './credentials.ts';
import { GarbledAnswer, RequestTimeout } from './failures.ts';

export interface Outgoing {
  readonly origin: string;
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | null;
}

export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const unzip = promisify(gunzip);

/**
 * @param timeout milliseconds for the whole of it, headers and body; 0 = none
 * @throws RequestTimeout, the signal's reason, or the connection's error
 */
export async function exchange(dispatcher: Dispatcher, request: Outgoing, timeout: number, signal?: AbortSignal): Promise<Incoming> {
  const { status, headers, chunks } = await collect(dispatcher, request, timeout, signal);
  const [only] = chunks;
  const whole = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  const zipped = headers['content-encoding'] === 'gzip' && whole.length > 0;
  return { status, headers, text: (zipped ? await unzipped(whole) : whole).toString('utf8') };
}

/** A body that was cut off where its end did not show it. */
async function unzipped(body: Buffer): Promise<Buffer> {
  try {
    return await unzip(body);
  } catch {
    throw new GarbledAnswer();
  }
}

type Collected = Omit<Incoming, 'text'> & { readonly chunks: readonly Buffer[] };

function collect(dispatcher: Dispatcher, request: Outgoing, timeout: number, signal: AbortSignal | undefined): Promise<Collected> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let stopped: Error | undefined;
    let status = 0;
    let headers: Incoming['headers'] = {};
    const chunks: Buffer[] = [];

    const stop = (reason: Error): void => {
      stopped = reason;
      controller?.abort(reason);
      fail(reason);
    };
    const onAbort = (): void => stop(signal?.reason as Error);
    const timer = timeout > 0 ? setTimeout(() => stop(new RequestTimeout(timeout)), timeout) : undefined;
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };

    if (signal?.aborted === true) {
      fail(signal.reason as Error);
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch(request, {
      onRequestStart: (started) => {
        controller = started;
        // It waited for a connection longer than we waited for it: do not send it any more.
        if (stopped !== undefined) started.abort(stopped);
      },
      onResponseStart: (_controller, statusCode, incoming) => {
        status = statusCode;
        headers = incoming;
      },
      onResponseData: (_controller, chunk) => {
        chunks.push(chunk);
      },
      onResponseEnd: () => {
        settle();
        resolve({ status, headers, chunks });
      },
      onResponseError: (_controller, error) => fail(error),
    });
  });
}
