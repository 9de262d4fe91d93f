// etcd as its API server sees it, over the JSON gateway on its client port: keys and values are base64, as that gateway has them.
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { layout } from './flags.ts';

export interface KeyValue {
  readonly key: string;
  /** Absent when only keys were asked for. */
  readonly value?: string;
  readonly mod_revision: string;
}

/** Without a value: the key goes. */
export interface Change {
  readonly key: string;
  readonly value?: string;
}

/** Below --max-txn-ops (see flags.ts) and etcd's bound on the size of a request. */
const OPERATIONS = 200;

export interface Etcd {
  /** Everything below a prefix, in order of keys. */
  range(prefix: string, what: 'keys' | 'all'): Promise<readonly KeyValue[]>;
  /** Writes in few transactions, in this order; returns the revision that each key was put at. */
  write(changes: readonly Change[]): Promise<ReadonlyMap<string, string>>;
  /** Forgets every revision before the present one. */
  compact(): Promise<void>;
}

/** The etcd of the plane in this folder. */
export async function etcdOf(dir: string, port: number): Promise<Etcd> {
  const { etcdAuthority, etcdPair } = layout(dir);
  const [ca, cert, key] = await Promise.all([etcdAuthority, etcdPair.certificate, etcdPair.key].map((path) => readFile(path, 'utf8')));
  const agent = new Agent({ keepAlive: true });

  async function call<T>(path: string, body: unknown): Promise<T> {
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method: 'POST', ca, cert, key, agent }, (incoming) => {
        text(incoming).then((read) => resolve({ status: incoming.statusCode ?? 0, body: read }), reject);
      });
      asked.once('error', reject);
      asked.end(JSON.stringify(body));
    });
    if (answer.status !== 200) throw new Error(`etcd ${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return JSON.parse(answer.body) as T;
  }

  return {
    async range(prefix, what) {
      const body = { key: encode(prefix), range_end: encode(after(prefix)), keys_only: what === 'keys' };
      return (await call<{ kvs?: KeyValue[] }>('/v3/kv/range', body)).kvs ?? [];
    },
    async write(changes) {
      const revisions = new Map<string, string>();
      for (let from = 0; from < changes.length; from += OPERATIONS) {
        const part = changes.slice(from, from + OPERATIONS);
        const { header } = await call<{ header: { revision: string } }>('/v3/kv/txn', { success: part.map(operation) });
        for (const { key, value } of part) if (value !== undefined) revisions.set(key, header.revision);
      }
      return revisions;
    },
    async compact() {
      const { header } = await call<{ header: { revision: string } }>('/v3/kv/range', { key: encode('/'), keys_only: true });
      await call('/v3/kv/compaction', { revision: header.revision, physical: true });
    },
  };
}

function operation({ key, value }: Change): unknown {
  return value === undefined ? { request_delete_range: { key } } : { request_put: { key, value } };
}

function encode(plain: string): string {
  return Buffer.from(plain).toString('base64');
}

/** The first key behind all that begin with the prefix. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
