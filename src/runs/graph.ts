/** `graph`: reads one cluster and says what belongs together; of one object, why it moves and who acts on it. Writes nothing. */
import { connect } from '../cluster/connect.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { blocked, type MigrateError } from '../errors.ts';
import type { Key } from '../graph/ref.ts';
import type { GraphView, WhyView } from '../graph/view.ts';
import { withKinds } from '../kinds/added.ts';
import { readKindFiles } from '../kinds/file.ts';
import { controllers } from '../movers/controllers/index.ts';
import { emptyFacts } from '../movers/mover.ts';
import { namespacesWithRoots } from '../movers/objects/discover.ts';
import { resolveNames } from '../movers/objects/names.ts';
import { deniedTypes, surveyReach } from '../movers/objects/reach.ts';
import { select } from '../movers/objects/select.ts';
import { graphOf } from '../movers/objects/view.ts';
import type { ClusterFacts, Facts, WorkloadFact } from '../plan/facts.ts';
import type { Selection } from '../plan/selection.ts';
import { hmacWith, newKey } from './directory.ts';
import type { GraphDeps, GraphRequest } from './runs.ts';
import { whyOf } from './why.ts';

/** @throws MigrateError of connecting (1, 2), of the kinds' files (2), `usage/type` (2), `scope/empty`, `scope/not-found`, `scope/ambiguous` (4) */
export async function readGraph(request: GraphRequest, deps: GraphDeps): Promise<GraphView> {
  return await reading(request, deps, async (cluster, facts) => {
    const { selection } = request;
    const named = await resolved(selection.names, selection, cluster, facts, deps);
    const view = graphOf(facts, select(facts, selection, named));
    if (view.nodes.length === 0) throw await emptiness(selection, cluster, facts, deps);
    return view;
  });
}

/** @throws MigrateError as readGraph */
export async function readWhy(name: string, request: GraphRequest, deps: GraphDeps): Promise<WhyView> {
  return await reading(request, deps, async (cluster, facts) => {
    const [key = ''] = await resolved([name], request.selection, cluster, facts, deps);
    return whyOf(key, facts, await workloadsOf(cluster, facts, deps));
  });
}

type Read = Facts & { readonly source: ClusterFacts };

async function reading<T>(request: GraphRequest, deps: GraphDeps, work: (cluster: Cluster, facts: Read) => Promise<T>): Promise<T> {
  const kinds = await readKindFiles(request.kinds ?? []);
  return await withKinds(kinds, () => connected(request, deps, work));
}

async function connected<T>(
  { source, selection }: GraphRequest,
  deps: GraphDeps,
  work: (cluster: Cluster, facts: Read) => Promise<T>,
): Promise<T> {
  const cluster = await connect('source', source, { clock: deps.clock, signal: deps.signal });
  try {
    const { namespaces } = selection;
    const facts = await surveyReach(cluster, { namespaces, comparison: 'copy', hmac: hmacWith(newKey()), signal: deps.signal });
    const types = deniedTypes(facts.source.denied);
    if (types.length > 0) deps.warn(`you may not list ${types.join(', ')} on ${cluster.context}: the graph lacks them`);
    return await work(cluster, facts);
  } finally {
    await cluster.close();
  }
}

async function resolved(
  names: readonly string[],
  { namespaces }: Selection,
  cluster: Cluster,
  facts: Read,
  { signal }: GraphDeps,
): Promise<readonly Key[]> {
  if (names.length === 0) return [];
  return resolveNames(names, await cluster.resources({ signal }), facts.source.objects, namespaces);
}

/** Who runs on the cluster, as far as it may be seen. */
async function workloadsOf(cluster: Cluster, facts: Read, deps: GraphDeps): Promise<readonly WorkloadFact[]> {
  const builder = { ...emptyFacts(), kinds: new Map(facts.source.kinds) };
  await controllers().discover?.({
    clusters: { source: cluster },
    facts: { source: builder },
    scope: new Map(facts.scope),
    left: [],
    findings: [],
    options: { runbook: 'graph', namespaces: facts.namespaces },
    hmac: (text) => text,
    signal: deps.signal,
  });
  const types = deniedTypes(builder.denied.filter(({ group }) => group === 'apps'));
  if (types.length > 0) deps.warn(`you may not list ${types.join(', ')} on ${cluster.context}: controllers may run that are not seen`);
  return builder.workloads;
}

/** Nothing was chosen: says where something is. */
async function emptiness(selection: Selection, cluster: Cluster, facts: Read, { signal }: GraphDeps): Promise<MigrateError> {
  const { namespaces, names, labels } = selection;
  const asked = [...names, ...(labels === undefined ? [] : [`-l ${labels}`])].join(' ');
  const where = namespaces.length === 0 ? cluster.context : `namespace ${namespaces.join(', ')} of ${cluster.context}`;
  const what = asked === '' ? 'nothing that moves' : `nothing that moves and matches ${asked}`;
  const elsewhere = (await namespacesWithRoots(cluster, facts.source.kinds, signal)).filter((name) => !namespaces.includes(name));
  const there = elsewhere.length === 0 ? '' : `; clusters and hosts are in ${elsewhere.join(', ')}`;
  return blocked('scope/empty', `there is ${what} in ${where}${there}`, {
    subjects: namespaces,
    next: elsewhere.length === 0 ? [`kubectl --context ${cluster.context} api-resources`] : [`-n ${elsewhere.join(',')}`, '-A'],
  });
}
