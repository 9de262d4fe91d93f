/** Watches that go on: through silence, drops and a resourceVersion that the server has forgotten (410). */
import { setTimeout as sleep } from 'node:timers/promises';

import { ApiError } from './api-error.ts';
import { hasStatus, type KubeObject, type ListOptions, type ResourceId, type WatchEvent } from './cluster.ts';
import { codeOf, isPassing, RequestTimeout } from './failures.ts';
import { parse } from './json.ts';
import { listPages } from './list.ts';
import { collectionPath, withQuery } from './paths.ts';
import type { Transport } from './transport.ts';

/** The server ends a watch after this many seconds; we go on with another one. */
const SERVER_TIMEOUT = 300;
/** Nothing at all for so many milliseconds, not even the bookmark that comes each minute: the connection is presumed dead. */
const SILENCE = 90_000;
/** Between a watch that ended and the next one, milliseconds: a server that ends each at once must not be stormed. */
const PAUSE = 200;

export interface WatchOptions extends ListOptions {
  readonly resourceVersion?: string;
  /** Factor on all waits. */
  readonly clock: number;
}

type RawEvent = { readonly type: WatchEvent['type'] | 'ERROR'; readonly object: KubeObject };

/** @throws ApiError for what does not pass (403, 404); MigrateError `cluster/...` when the server stays away. Ends quietly on abort. */
export async function* watchObjects(
  transport: Transport,
  resource: ResourceId,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  try {
    yield* new Watch(transport, resource, options, signal).events();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    left.abort(new Error('the watch was left'));
  }
}

class Watch {
  /** What the reader believes to be there: metadata only. */
  readonly #known = new Map<string, KubeObject>();
  #version: string | undefined;
  readonly #transport: Transport;
  readonly #resource: ResourceId;
  readonly #options: WatchOptions;
  readonly #signal: AbortSignal;

  constructor(transport: Transport, resource: ResourceId, options: WatchOptions, signal: AbortSignal) {
    this.#transport = transport;
    this.#resource = resource;
    this.#options = options;
    this.#signal = signal;
    this.#version = options.resourceVersion;
  }

  async *events(): AsyncGenerator<WatchEvent, void, undefined> {
    if (this.#version === undefined) await this.#start();
    for (;;) {
      try {
        yield* this.#once(this.#version);
      } catch (error) {
        if (this.#signal.aborted) return;
        if (hasStatus(error, 410)) yield* this.#relist();
        else if (!(isPassing(error) || hasStatus(error, 429, 500, 503, 504))) throw error;
      }
      await sleep(PAUSE * this.#options.clock, undefined, { signal: this.#signal });
    }
  }

  /** From now on: what is there now is known, and not told. */
  async #start(): Promise<void> {
    for await (const { items, resourceVersion } of listPages(this.#transport, this.#resource, {
      ...this.#options,
      metadataOnly: true,
      signal: this.#signal,
    })) {
      for (const item of items) this.#known.set(idOf(item), stubOf(item));
      this.#version = resourceVersion;
    }
  }

  async *#relist(): AsyncGenerator<WatchEvent, void, undefined> {
    const there = new Set<string>();
    let version: string | undefined;
    for await (const { items, resourceVersion } of listPages(this.#transport, this.#resource, { ...this.#options, signal: this.#signal })) {
      version = resourceVersion;
      for (const object of items) {
        const id = idOf(object);
        there.add(id);
        const before = this.#known.get(id);
        // Same name, another UID: the one before was deleted meanwhile.
        if (before !== undefined && before.metadata.uid !== object.metadata.uid) yield { type: 'DELETED', object: before };
        this.#known.set(id, stubOf(object));
        yield { type: 'ADDED', object };
      }
    }
    for (const [id, object] of this.#known) {
      if (there.has(id)) continue;
      this.#known.delete(id);
      yield { type: 'DELETED', object };
    }
    this.#version = version;
  }

  /** One request; returns when the server ends it. */
  async *#once(version: string | undefined): AsyncGenerator<WatchEvent, void, undefined> {
    const { labelSelector, fieldSelector, namespace } = this.#options;
    const path = withQuery(collectionPath(this.#resource, namespace), {
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(SERVER_TIMEOUT),
      resourceVersion: version,
      labelSelector,
      fieldSelector,
    });
    const silent = new AbortController();
    const limit = SILENCE * this.#options.clock;
    const timer = setTimeout(() => silent.abort(new RequestTimeout(limit)), limit);
    try {
      const { body } = await this.#transport.stream({ method: 'GET', path, signal: AbortSignal.any([this.#signal, silent.signal]) });
      for await (const line of linesOf(body)) {
        timer.refresh();
        const event = parse(line) as RawEvent;
        yield* this.#take(event, path);
        // However long the reader takes, it is not the server that was silent.
        timer.refresh();
      }
    } catch (error) {
      if (silent.signal.aborted) return;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  *#take({ type, object }: RawEvent, path: string): Generator<WatchEvent, void, undefined> {
    if (type === 'ERROR') {
      const status = typeof object['code'] === 'number' ? object['code'] : 500;
      throw new ApiError({ status, method: 'GET', path, text: JSON.stringify(object), afterRetry: false });
    }
    this.#version = object.metadata.resourceVersion ?? this.#version;
    if (type === 'DELETED') this.#known.delete(idOf(object));
    else if (type !== 'BOOKMARK') this.#known.set(idOf(object), stubOf(object));
    yield { type, object };
  }
}

function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function stubOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, labels } = metadata;
  const entries = Object.entries({ namespace, uid, resourceVersion, labels }).filter(([, value]) => value !== undefined);
  return { apiVersion, kind, metadata: { name, ...Object.fromEntries(entries) } };
}

/** A last line that is cut off is thrown away: what it told comes again. */
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield line;
    }
  } catch (error) {
    // A connection that broke under a watch is a watch that ended.
    if (!isPassing(error) && codeOf(error) !== 'UND_ERR_ABORTED') throw error;
  }
}
