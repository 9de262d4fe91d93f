/** Makes objects on a cluster that lives: as its users and controllers leave them, and never in a state that the operator would act on. */
import { pathOf } from '../../fixtures/index.ts';
import { layOut, type FleetOptions, type Layout } from '../../fixtures/fleet.ts';
import { dataTemplateOf } from '../../fixtures/fleet/clusters.ts';
import { planHost, type Host } from '../../fixtures/fleet/hosts.ts';
import { machineName, planMachineObjects, type MachinePlan } from '../../fixtures/fleet/machines.ts';
import { keyOf, type Known, type Owner, type Planned } from '../../fixtures/fleet/planned.ts';
import { kindOf } from '../../fixtures/kinds.ts';
import { eventually, type AdminClient, type KubeObject } from '../../sandbox/index.ts';

const PAUSED = 'baremetalhost.metal3.io/paused';
export const NAMESPACE = 'metal3';

/** Where an object is. */
export const at = (kind: string, name: string): string => pathOf(kind, NAMESPACE, name);

/** The object there; a test that expects one that is missing fails. */
export async function need(client: AdminClient, kind: string, name: string): Promise<KubeObject> {
  const object = await client.get(at(kind, name));
  if (object === undefined) throw new Error(`there is no ${kind} ${name}`);
  return object;
}

async function ownersOf(client: AdminClient, owners: readonly Owner[]): Promise<object[]> {
  return await Promise.all(
    owners.map(async ({ key, ...flags }) => {
      const [kind = '', , name = ''] = key.split('/');
      const { metadata } = await need(client, kind, name);
      return { apiVersion: kindOf(kind).apiVersion, kind, name, uid: metadata.uid, ...flags };
    }),
  );
}

/** One after another, owners first; the status at the end, when all that it speaks of is there. */
async function writeAll(client: AdminClient, planned: readonly Planned[]): Promise<void> {
  const known = new Map<string, KubeObject['metadata']>();
  const made = new Map<Planned, KubeObject>();
  for (const one of planned) {
    const { kind, metadata } = one.object;
    const ownerReferences = await ownersOf(client, one.owners ?? []);
    const body = { ...one.object, metadata: { ...metadata, ownerReferences } };
    const created = await client.create(pathOf(kind, metadata.namespace), body);
    known.set(keyOf(kind, metadata.namespace ?? '', metadata.name), created.metadata);
    made.set(one, created);
  }
  for (const [{ object, status }, created] of made) {
    if (status === undefined) continue;
    const path = `${at(object.kind, object.metadata.name)}/status`;
    const current = (await client.get(at(object.kind, object.metadata.name))) ?? created;
    await client.replace(path, { ...current, status: status(known as unknown as Known) });
  }
}

export class LiveFleet {
  readonly #client: AdminClient;
  readonly #layout: Layout;

  constructor(client: AdminClient, options: FleetOptions) {
    this.#client = client;
    this.#layout = layOut(options);
  }

  /** A host with BMC Secret, hardware and firmware, in a state; paused until its status is there. */
  async addHost(host: Pick<Host, 'index' | 'state'> & Pick<Partial<Host>, 'claim'>): Promise<string> {
    const name = `host-${String(host.index).padStart(4, '0')}`;
    await writeAll(this.#client, planHost({ namespace: NAMESPACE, name, ...host, paused: 'being registered' }));
    await this.unpause(name);
    return name;
  }

  async unpause(name: string): Promise<void> {
    await this.#client.patch(at('BareMetalHost', name), { metadata: { annotations: { [PAUSED]: null } } });
    await eventually(`${name} to be registered`, async () => {
      const { spec } = await need(this.#client, 'BareMetalHost', name);
      return spec?.['architecture'] !== undefined;
    });
  }

  async pause(name: string): Promise<void> {
    await this.#client.patch(at('BareMetalHost', name), { metadata: { annotations: { [PAUSED]: 'looked at by its user' } } });
  }

  /** A worker of the first cluster, and all that belongs to it, on a host that is made for it. */
  async addMachine(number: number): Promise<string> {
    const machine = this.#machine(number, `host-${String(200 + number).padStart(4, '0')}`);
    const name = machineName(machine);
    await this.#make(machine);
    await this.addHost({ index: 200 + number, state: 'provisioned', claim: { cluster: machine.cluster.name, machine: name } });
    return name;
  }

  /** A free host gets a machine, as CAPM3 does it: the operator then deploys it. */
  async claim(host: string, number: number): Promise<string> {
    const machine = this.#machine(number, host);
    const name = machineName(machine);
    await this.#make(machine);
    const [template] = planHost({
      namespace: NAMESPACE,
      name: host,
      index: 0,
      state: 'provisioned',
      claim: { cluster: machine.cluster.name, machine: name },
    });
    const { consumerRef, image, userData, metaData, networkData } = template?.object['spec'] as Record<string, unknown>;
    await this.#client.patch(at('BareMetalHost', host), {
      metadata: { labels: { 'cluster.x-k8s.io/cluster-name': machine.cluster.name } },
      spec: { consumerRef, image, userData, metaData, networkData, online: true },
    });
    return name;
  }

  /** CAPM3 must not render data for the claim before ours are there: its template is paused so long. */
  async #make(machine: MachinePlan): Promise<void> {
    const template = at('Metal3DataTemplate', dataTemplateOf(machine.cluster));
    const pause = (value: string | null): object => ({ metadata: { annotations: { 'cluster.x-k8s.io/paused': value } } });
    await this.#client.patch(template, pause(''));
    await writeAll(this.#client, planMachineObjects(machine));
    await this.#client.patch(template, pause(null));
  }

  #machine(number: number, host: string): MachinePlan {
    const [cluster] = this.#layout.clusters;
    if (cluster === undefined) throw new Error('the fleet has no cluster');
    return { cluster, number, host };
  }

  /** Deleted, and made again at once under the same name with something changed. */
  async again(kind: string, name: string, change: (body: Record<string, unknown>) => void): Promise<void> {
    const { apiVersion, metadata, ...rest } = await need(this.#client, kind, name);
    await this.#client.delete(at(kind, name));
    await eventually(`${kind} ${name} to be gone`, async () => (await this.#client.get(at(kind, name)))?.metadata.uid !== metadata.uid);
    const { labels, annotations, ownerReferences } = metadata;
    const body: Record<string, unknown> = { apiVersion, ...rest, metadata: { name, labels, annotations, ownerReferences } };
    change(body);
    await this.#client.create(pathOf(kind, NAMESPACE), body);
  }
}
