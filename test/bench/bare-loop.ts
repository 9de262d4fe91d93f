/** The same writes with no checks: POST and, where there is status, PUT, as many at once as the tool has, owners not waited for. Its own client, over undici. */
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { parse } from 'yaml';
import { kindOf, pathOf } from '../fixtures/index.ts';
import type { KubeObject } from '../fixtures/index.ts';
import type { AdminClient, Plane } from '../sandbox/index.ts';

const WIDTH = 64;

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly 'certificate-authority-data': string } }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data'?: string; readonly 'client-key-data'?: string; readonly token?: string };
  }[];
}

/** @returns seconds and requests of the loop alone, bodies already in memory */
export async function bareLoop(
  client: AdminClient,
  plane: Plane,
  objects: readonly KubeObject[],
): Promise<{ seconds: number; requests: number }> {
  const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  for (const name of namespaces) await client.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const writes = objects.map(bodiesOf);
  const pool = poolTo(plane);
  let requests = 0;
  const send = async (method: 'POST' | 'PUT', path: string, body: string): Promise<{ metadata: { resourceVersion: string } }> => {
    requests++;
    const answer = await pool.request({ method, path, body, headers: { 'content-type': 'application/json' } });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`);
    return JSON.parse(text) as { metadata: { resourceVersion: string } };
  };
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let write = writes[next++]; write !== undefined; write = writes[next++]) {
      const made = await send('POST', write.collection, write.body);
      if (write.status !== undefined) await send('PUT', `${write.path}/status`, write.status(made.metadata.resourceVersion));
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  const seconds = (performance.now() - began) / 1000;
  await pool.close();
  return { seconds, requests };
}

function bodiesOf(object: KubeObject) {
  const { kind } = object;
  const {
    uid: _uid,
    resourceVersion: _rv,
    managedFields: _mf,
    creationTimestamp: _ct,
    ownerReferences: _owners,
    ...metadata
  } = object.metadata as Record<string, unknown>;
  const collection = pathOf(kind, object.metadata.namespace);
  const { status } = object as { status?: unknown };
  const large = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
  const whole = { ...object, metadata };
  return {
    collection,
    path: `${collection}/${object.metadata.name}`,
    body: JSON.stringify({ ...whole, status: undefined }, large),
    status:
      kindOf(kind).status && status !== undefined
        ? (resourceVersion: string): string => JSON.stringify({ ...whole, metadata: { ...metadata, resourceVersion } }, large)
        : undefined,
  };
}

function poolTo(plane: Plane): Pool {
  const config = parse(readFileSync(plane.kubeconfig, 'utf8')) as Kubeconfig;
  const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();
  const [user] = config.users;
  return new Pool(plane.server, {
    connections: WIDTH,
    allowH2: false,
    connect: {
      ca: decoded(config.clusters[0]?.cluster['certificate-authority-data']),
      cert: decoded(user?.user['client-certificate-data']),
      key: decoded(user?.user['client-key-data']),
    },
  });
}
