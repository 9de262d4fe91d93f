/** What a server serves: aggregated discovery in two requests, or group by group where it is not known (before 1.27). */
import { type Resource, hasStatus } from './cluster.ts';
import type { Transport } from './transport.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

interface AggregatedList {
  readonly kind: string;
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly { readonly version: string; readonly resources?: readonly AggregatedResource[] | null }[];
  }[];
}

interface AggregatedResource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope: string;
  readonly singularResource?: string;
  readonly shortNames?: readonly string[];
  readonly verbs?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

interface GroupList {
  readonly groups?: readonly {
    readonly name: string;
    readonly versions: readonly { readonly version: string }[];
    readonly preferredVersion?: { readonly version: string };
  }[];
}

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly singularName?: string;
    readonly namespaced: boolean;
    readonly shortNames?: readonly string[];
    readonly verbs?: readonly string[];
  }[];
}

/** Every resource in every served version; the version that the server prefers comes first within its group. */
export async function discover(transport: Transport, signal?: AbortSignal): Promise<Resource[]> {
  const [core, groups] = await Promise.all([read(transport, '/api', signal), read(transport, '/apis', signal)]);
  const found = await Promise.all([
    isAggregated(core) ? fromAggregated(core) : fromCore(transport, core as { versions?: string[] }, signal),
    isAggregated(groups) ? fromAggregated(groups) : fromGroups(transport, groups as GroupList, signal),
  ]);
  return found.flat();
}

async function read(transport: Transport, path: string, signal: AbortSignal | undefined): Promise<unknown> {
  const { value } = await transport.send({ method: 'GET', path, accept: AGGREGATED, bulk: true, signal });
  return value;
}

function isAggregated(list: unknown): list is AggregatedList {
  return (list as AggregatedList).kind === 'APIGroupDiscoveryList';
}

function fromAggregated(list: AggregatedList): Resource[] {
  return (list.items ?? []).flatMap((item) =>
    (item.versions ?? []).flatMap(({ version, resources }) =>
      (resources ?? []).map((resource) => ({
        group: item.metadata?.name ?? '',
        version,
        kind: resource.responseKind?.kind ?? '',
        resource: resource.resource,
        singular: resource.singularResource ?? '',
        shortNames: resource.shortNames ?? [],
        namespaced: resource.scope === 'Namespaced',
        verbs: resource.verbs ?? [],
        status: (resource.subresources ?? []).some(({ subresource }) => subresource === 'status'),
      })),
    ),
  );
}

async function fromCore(
  transport: Transport,
  { versions = [] }: { versions?: string[] },
  signal: AbortSignal | undefined,
): Promise<Resource[]> {
  return (await Promise.all(versions.map((version) => readVersion(transport, '', version, signal)))).flat();
}

async function fromGroups(transport: Transport, { groups = [] }: GroupList, signal: AbortSignal | undefined): Promise<Resource[]> {
  const wanted = groups.flatMap(({ name, versions, preferredVersion }) => {
    const preferred = preferredVersion?.version ?? versions[0]?.version;
    const sorted = [...versions].sort((left, right) => Number(right.version === preferred) - Number(left.version === preferred));
    return sorted.map(({ version }) => ({ name, version }));
  });
  return (await Promise.all(wanted.map(({ name, version }) => readVersion(transport, name, version, signal)))).flat();
}

/** undefined: gone meanwhile, or an aggregated API whose server is down; it answers so for as long as that is, and must not hold up everything else. */
async function listOf(transport: Transport, path: string, signal: AbortSignal | undefined): Promise<ResourceList | undefined> {
  try {
    const first = await transport.send({ method: 'GET', path, retryFor: 0, signal }).catch(async (error: unknown) => {
      if (hasStatus(error, 404) || isBehind(error)) throw error;
      // Whatever else is wrong passes, or is an error: a kind that is not seen would not be moved.
      return await transport.send({ method: 'GET', path, signal });
    });
    return first.value as ResourceList;
  } catch (error) {
    if (hasStatus(error, 404) || isBehind(error)) return undefined;
    throw error;
  }
}

/** The words of kube-aggregator, in plain text, about a server behind it. Neither kube-apiserver itself nor a load balancer speaks so. */
function isBehind(error: unknown): boolean {
  return hasStatus(error, 503) && /^(service unavailable$|error trying to reach service)/.test(error.message);
}

async function readVersion(transport: Transport, group: string, version: string, signal: AbortSignal | undefined): Promise<Resource[]> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const list = await listOf(transport, path, signal);
  if (list === undefined) return [];
  const all = list.resources ?? [];
  const withStatus = new Set(all.filter(({ name }) => name.endsWith('/status')).map(({ name }) => name.slice(0, -'/status'.length)));
  return all
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => ({
      group,
      version,
      kind: resource.kind,
      resource: resource.name,
      singular: resource.singularName ?? '',
      shortNames: resource.shortNames ?? [],
      namespaced: resource.namespaced,
      verbs: resource.verbs ?? [],
      status: withStatus.has(resource.name),
    }));
}
