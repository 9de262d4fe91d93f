/** From a choice on the command line to a connected cluster. Loads client-node and undici with the first connection. */
import { EXIT, MigrateError, type ExitCode } from '../errors.ts';
import type { Role } from '../graph/ref.ts';
import { mayAccess } from './access.ts';
import { type Cluster, type ClusterChoice, isApiFailure, type Resource } from './cluster.ts';
import { Credentials } from './credentials.ts';
import { discover } from './discovery.ts';
import { expiryOf } from './expiry.ts';
import { type Door, doorName, kubectl } from './failures.ts';
import { type Fields, isFields, textOf } from './kubeconfig.ts';
import { listObjects } from './list.ts';
import { createObject, getObject, patchObject, removeObject, replaceObject } from './objects.ts';
import { loadSettings, type Settings } from './settings.ts';
import { type Answer, Transport } from './transport.ts';
import { watchObjects } from './watch.ts';

export interface ConnectOptions {
  /** Factor on all waits, 1 in real life. */
  readonly clock?: number;
  /** Milliseconds, from the first failure on, in which a request is tried again; default 30 s. Connecting itself gives up at once. */
  readonly retryFor?: number;
  /** Somebody at the terminal may be asked by a credential plugin; default no. */
  readonly interactive?: boolean;
  readonly signal?: AbortSignal;
}

const REQUEST_TIMEOUT = 30_000;
const RETRY_FOR = 30_000;

/**
 * Reads the kubeconfig, gets credentials and asks the server who it is.
 * @throws MigrateError: `kubeconfig/...` (exit 2); `cluster/unreachable`, `/timeout`, `/dns`, `/tls`, `/unauthorized`, `/forbidden`,
 * `/exec-plugin`, `/credentials`, `/refused` (exit 1); the signal's reason
 */
export async function connect(role: Role, choice: ClusterChoice, options: ConnectOptions = {}): Promise<Cluster> {
  const settings = await loadSettings(choice, role);
  const door = doorOf(role, settings);
  const credentials = new Credentials(settings, role, options.interactive ?? false);
  const clock = options.clock ?? 1;
  const transport = new Transport({
    door,
    credentials,
    clock,
    requestTimeout: choice.requestTimeout ?? REQUEST_TIMEOUT,
    retryFor: options.retryFor ?? RETRY_FOR,
    ...(settings.server.proxyUrl !== undefined && { proxyUrl: settings.server.proxyUrl }),
  });
  try {
    const { uid, version } = await identify(transport, options.signal);
    return clusterOver(transport, door, { uid, version, clock });
  } catch (error) {
    await transport.close();
    throw await refusal(door, settings, credentials, error);
  }
}

function doorOf(role: Role, settings: Settings): Door {
  const { context, kubeconfig, server, user } = settings;
  return { role, context, kubeconfig, server: server.url, cluster: server.name, user: user.name };
}

async function identify(transport: Transport, signal: AbortSignal | undefined): Promise<{ uid: string; version: string }> {
  // A server that is not there is told at once: waiting for it is for those who are in the middle of something.
  const [version, namespace] = await Promise.all(
    ['/version', '/api/v1/namespaces/kube-system'].map((path) => transport.send({ method: 'GET', path, signal, retryFor: 0 })),
  );
  const gitVersion = fieldsIn(version)['gitVersion'];
  const metadata = fieldsIn(namespace)['metadata'];
  const uid = isFields(metadata) ? textOf(metadata['uid']) : undefined;
  if (uid === undefined || typeof gitVersion !== 'string') throw new NoApiServer();
  return { uid, version: gitVersion };
}

/** Something answers JSON to everything, but is not what we look for. */
class NoApiServer extends Error {}

function fieldsIn(answer: Answer | undefined): Fields {
  return isFields(answer?.value) ? answer.value : {};
}

function clusterOver(transport: Transport, door: Door, known: { uid: string; version: string; clock: number }): Cluster {
  let resources: Promise<Resource[]> | undefined;
  return {
    role: door.role,
    kubeconfig: door.kubeconfig,
    context: door.context,
    server: door.server,
    uid: known.uid,
    version: known.version,
    stats: transport.stats,
    resources: ({ forget = false, signal } = {}) => {
      if (resources === undefined || forget) {
        const asked = discover(transport, signal);
        resources = asked;
        // A failure is not kept, or nobody could ever ask again.
        asked.catch(() => (resources = resources === asked ? undefined : resources));
      }
      return resources;
    },
    list: (resource, options) => listObjects(transport, resource, options),
    get: (ref, options) => getObject(transport, ref, options),
    create: (ref, body, options) => createObject(transport, ref, body, options),
    replace: (ref, body, options) => replaceObject(transport, ref, body, options),
    patch: (ref, patch, options) => patchObject(transport, ref, patch, options),
    remove: (ref, options) => removeObject(transport, ref, options),
    watch: (resource, options) => watchObjects(transport, resource, { ...options, clock: known.clock }),
    allowed: (access, signal) => mayAccess(transport, access, signal),
    close: () => transport.close(),
  };
}

/** What to tell when the server was there and would not have us. */
async function refusal(door: Door, settings: Settings, credentials: Credentials, error: unknown): Promise<unknown> {
  const user = settings.user.name === '' ? 'nobody (the context names no user)' : `user "${settings.user.name}"`;
  const failed = (name: string, exit: ExitCode, message: string, next: readonly string[]): MigrateError =>
    new MigrateError(`cluster/${name}`, exit, message, { next, subjects: [door.role], cause: error });
  if (error instanceof NoApiServer) {
    return failed('refused', EXIT.failed, `Cannot use ${doorName(door)}: what answers there is no Kubernetes API server.`, [
      kubectl(door, 'version'),
    ]);
  }
  if (!isApiFailure(error)) return error;
  if (error.status === 401) {
    const expired = expiryOf(await credentials.current());
    const why = expired ?? 'it does not know the credentials, or they have expired';
    return failed('unauthorized', EXIT.failed, `Cannot log in to ${doorName(door)} as ${user}: ${why}. The server says: ${error.message}`, [
      kubectl(door, 'auth whoami'),
    ]);
  }
  if (error.status === 403) {
    const message = `Cannot tell which cluster ${doorName(door)} is: ${user} may not read its namespace kube-system. The server says: ${error.message}`;
    const next = [
      kubectl(door, 'auth can-i get namespaces/kube-system'),
      'Ask for "get" on the namespace "kube-system": its UID is what tells clusters apart.',
    ];
    // A permission that is missing, as any other that preflight asks for.
    return failed('forbidden', EXIT.blocked, message, next);
  }
  return failed(
    'refused',
    EXIT.failed,
    `Cannot use ${doorName(door)}: ${error.method} ${error.path} answered ${error.status}. The server says: ${error.message}`,
    [kubectl(door, 'cluster-info')],
  );
}
