/** Stand-in for the baremetal-operator: a process of its own, started for each of its Pods. */
import { pathOf } from '../fixtures/kinds.ts';
import { IronicClient } from './bmo/ironic-client.ts';
import { reconcileHost } from './bmo/reconcile.ts';
import type { Tools } from './bmo/reconcile.ts';
import { save, PAUSED } from './bmo/status.ts';
import type { Host } from './bmo/status.ts';
import { misbehaving } from './bmo/misbehave.ts';
import { serveWebhook } from './bmo/webhook.ts';
import { Cache, connect, keyOf, runController, setting } from './controller.ts';
import { logAct } from './power-log.ts';
import { WorkQueue } from './queue.ts';

/** The real one keeps writing live hosts; this one writes one host in so many, this often. */
const TOUCH_EVERY_MS = 5000;
const TOUCH_ONE_IN = 50;

const client = connect();
const [plane, log] = [setting('PLANE'), setting('POWER_LOG')];

const secrets = new Cache('Secret', (secret) => {
  for (const { kind, name } of secret.metadata.ownerReferences ?? []) {
    if (kind === 'BareMetalHost') queue.add(`${secret.metadata.namespace ?? ''}/${name}`);
  }
});
const tools: Tools = {
  client,
  secrets,
  firmwareSeen: new Set(),
  ironic: new IronicClient(setting('IRONIC_ENDPOINT')),
  stepMs: Number(setting('STEP_MS', '100')),
  misbehave: misbehaving(setting('NEVER', ''), setting('DEVIATE', '')),
  act: (host, act) => logAct(log, plane, host, act),
};
const queue = new WorkQueue(async (key) => {
  const host = hosts.objects.get(key);
  return host && reconcileHost(tools, host as Host);
}, 24);
const hosts = new Cache('BareMetalHost', (host) => queue.add(keyOf(host)));

/** A live host's status is rewritten without cause now and then; who compares must not mind. */
let touched = 0;
function touch(): void {
  const live = [...hosts.objects.values()].filter(
    (host) => !(PAUSED in (host.metadata.annotations ?? {})) && host.status?.['operationalStatus'] === 'OK',
  );
  for (let count = Math.ceil(live.length / TOUCH_ONE_IN); count > 0; count--) {
    const host = live[touched++ % live.length] as Host;
    void save(client, host, () => undefined).catch(() => undefined); // changed meanwhile: as good
  }
}

const secret = await client.get(pathOf('Secret', setting('POD_NAMESPACE'), 'bmo-webhook-server-cert'));
const pem = (name: string): string => Buffer.from(secret?.data?.[name] ?? '', 'base64').toString();
await serveWebhook(Number(setting('WEBHOOK_PORT')), { cert: pem('tls.crt'), key: pem('tls.key') });

let touching: NodeJS.Timeout | undefined;
process.once('SIGTERM', () => clearInterval(touching));
runController({
  client,
  lease: 'baremetal-operator',
  queues: [queue],
  lead: async () => {
    await secrets.start();
    await hosts.start();
    touching = setInterval(touch, TOUCH_EVERY_MS);
  },
});
