/** The release of a move: what is copied is let go on the target, kind by kind, with who owned which field. */
import type { Consent, ItemSet, Plan } from '../plan/plan.ts';
import type { PhaseWriter, Procedure } from './procedure.ts';
import { ACROSS, ALL, RELEASED, REVERSIBLE, TARGET } from './steps.ts';

/** The copy gets back who owned which field in the write that lets it go. */
const LET_GO = { ...TARGET, from: 'source' };

/** What the steps work on, chosen at commit. */
export const LET_GO_SETS: readonly ItemSet[] = [
  { id: 'release/at-rest', union: ALL, where: { vars: { released: false } }, resolvedAt: 'commit' },
  ...RELEASED,
  { id: 'release/all', union: RELEASED.map(({ id }) => id), where: {}, resolvedAt: 'commit' },
];

export function letGo(p: Procedure, consent?: Consent): PhaseWriter {
  return p
    .phase('release', 'releasing', consent)
    .step('managers', 'objects.managers', ACROSS, 'release/at-rest', 'restore field ownership', { safety: 'irreversible' })
    .step('extension-configs', 'pauses.release', LET_GO, 'release/extension-configs', 'release ExtensionConfigs', REVERSIBLE)
    .step('classes', 'pauses.release', LET_GO, 'release/classes', 'release ClusterClasses', REVERSIBLE)
    .step('free-hosts', 'pauses.release', LET_GO, 'release/free-hosts', 'release the free hosts', REVERSIBLE)
    .step('data-templates', 'pauses.release', LET_GO, 'release/data-templates', 'release Metal3DataTemplates', REVERSIBLE)
    .step('pools', 'pauses.release', LET_GO, 'release/pools', 'release IP pools', REVERSIBLE)
    .step('claims', 'pauses.release', LET_GO, 'release/claims', 'release IP claims', REVERSIBLE)
    .step('clusters', 'pauses.release', LET_GO, 'release/clusters', 'release the Clusters', REVERSIBLE)
    .step('resource-sets', 'pauses.release', LET_GO, 'release/resource-sets', 'release ClusterResourceSets', REVERSIBLE)
    .step('claimed-hosts', 'pauses.release', LET_GO, 'release/claimed-hosts', 'release the claimed hosts', REVERSIBLE)
    .step('others', 'pauses.release', LET_GO, 'release/others', 'release what --kinds files describe', REVERSIBLE);
}

/** For the report: what was let go, and by which steps. */
export function lettingGo({ steps }: Procedure): Plan['report']['released'] {
  return { set: 'release/all', steps: steps.filter(({ action }) => action === 'release').map(({ id }) => id) };
}
