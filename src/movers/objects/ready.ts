/** What `clusterctl move` refuses: Clusters that are paused or not yet up, Machines without a node. All may be lowered by `--allow`. Pure. */
import { title } from '../../graph/ref.ts';
import type { ObjectFact, Rule } from '../../plan/facts.ts';
import type { Finding } from '../../plan/plan.ts';
import { holderOf } from './holding.ts';
import { kindOf } from './read.ts';
import { block, moving } from './sound.ts';
import { isGlobal } from './sets.ts';

const WAIT = 'wait until it has';

/** A user's pause says that nobody should touch it now. It stays paused on the target, if it moves. */
const paused: Rule = (facts) =>
  moving(facts)
    .filter((fact) => isRoot(fact) && !isGlobal(fact, facts) && holderOf(fact, kindOf(fact.ref)) === 'user')
    .map(({ ref }) =>
      block(
        'clusters/paused',
        title(ref),
        `${title(ref)} is paused by its user: it would move and stay paused.`,
        'unpause it, or allow: it stays paused on the target',
      ),
    );

const provisioned: Rule = (facts) =>
  clusters(moving(facts))
    .filter(({ vars }) => vars['infrastructureProvisioned'] !== true && vars['infrastructureReady'] !== true)
    .map(({ ref }) => notYet('clusters/not-provisioned', ref, 'has no provisioned infrastructure yet'));

const initialized: Rule = (facts) =>
  clusters(moving(facts))
    .filter(({ vars }) => {
      const provider = vars['controlPlane'] === undefined || vars['controlPlaneProvisioned'] === true || vars['controlPlaneReady'] === true;
      return vars['controlPlaneInitialized'] !== 'True' || !provider;
    })
    .map(({ ref }) => notYet('clusters/not-initialized', ref, 'has no initialized control plane yet'));

const nodes: Rule = (facts) =>
  moving(facts)
    .filter(({ ref, vars }) => ref.group === 'cluster.x-k8s.io' && ref.kind === 'Machine' && vars['node'] === undefined)
    .map(({ ref }) => notYet('machines/no-node', ref, 'has no node yet'));

function notYet(rule: string, ref: ObjectFact['ref'], what: string): Finding {
  return block(rule, title(ref), `${title(ref)} ${what}: what is under way would be cut off.`, WAIT);
}

function clusters(facts: readonly ObjectFact[]): readonly ObjectFact[] {
  return facts.filter(({ ref }) => kindOf(ref).release === 'cluster');
}

function isRoot({ ref }: ObjectFact): boolean {
  const { release } = kindOf(ref);
  return release === 'cluster' || release === 'class';
}

export const readyRules: readonly Rule[] = [paused, provisioned, initialized, nodes];
