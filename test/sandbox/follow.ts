// List, then watch, for ever: what the kubelet of the sandbox sees of its Pods.
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { adminClient, connectionOf, type AdminClient, type KubeObject } from './client.ts';

/** What follow tells: everything there is, whenever it has listed; then each change. */
export interface Follower {
  listed(objects: KubeObject[]): void;
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void;
}

interface WatchLine {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR';
  object: KubeObject;
}

const PAUSE_MS = 100;

/** Follows a collection until stopped, through outages of the server. It does not keep the process alive. Returns the function that stops it. */
export function follow(plane: { readonly kubeconfig: string }, path: string, follower: Follower): () => void {
  const aborter = new AbortController();
  const { signal } = aborter;
  const client = adminClient(plane);
  void (async () => {
    while (!signal.aborted) {
      await list(client, path, follower)
        .then((from) => watch(plane, `${path}?watch=1&resourceVersion=${from}`, follower, signal))
        .catch(() => undefined); // down for a moment: listed again below
      await sleep(PAUSE_MS, undefined, { ref: false });
    }
  })();
  return () => aborter.abort();
}

/** Tells the follower everything there is; returns the resourceVersion to watch from. */
async function list(client: AdminClient, path: string, follower: Follower): Promise<string> {
  const answer = await client.request('GET', path);
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status}`);
  const all = answer.body as { metadata: { resourceVersion: string }; items: KubeObject[] };
  follower.listed(all.items);
  return all.metadata.resourceVersion;
}

/** Resolves when the watch ends, for whatever reason. */
function watch(plane: { readonly kubeconfig: string }, path: string, follower: Follower, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const outgoing = request({ ...connectionOf(plane.kubeconfig, 'admin'), path, signal, agent: false }, (incoming) => {
      if (incoming.statusCode !== 200) return void outgoing.destroy();
      const lines = createInterface({ input: incoming });
      lines.on('error', () => resolve()); // readline passes on what breaks its input
      lines.on('line', (line) => {
        const { type, object } = JSON.parse(line) as WatchLine;
        if (type === 'ERROR') outgoing.destroy();
        else if (!signal.aborted) follower.changed(type, object);
      });
    });
    outgoing.once('socket', (socket) => socket.unref());
    outgoing.once('error', () => resolve());
    outgoing.once('close', () => resolve());
    outgoing.end();
  });
}
