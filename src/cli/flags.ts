/** The flags that commands share. Environment twins: all but those that choose clusters, say who one is, or consent to something. */
import { Flags } from '@oclif/core';
import { usageError } from '../errors.ts';
import { parseDuration, parseRequestTimeout } from './durations.ts';

export const DRY_RUN_WARNING = '--dry-run without a value is read as --dry-run=client; write it so';

const GROUPS = { clusters: 'CLUSTERS', output: 'OUTPUT', run: 'RUN', identity: 'IDENTITY' } as const;

const duration = Flags.custom<number>({ helpValue: 'DURATION', parse: (text) => Promise.resolve(parseDuration(text)) });
const requestTimeout = Flags.custom<number>({ helpValue: 'DURATION', parse: (text) => Promise.resolve(parseRequestTimeout(text)) });

/** Every command has these. */
export const globalFlags = {
  output: Flags.option({
    char: 'o',
    summary: 'what stdout carries; json and yaml are exactly one document, on failure too',
    options: ['wide', 'name', 'json', 'yaml'] as const,
    helpValue: 'FORMAT',
    helpGroup: GROUPS.output,
    env: 'KUBECTL_MIGRATE_OUTPUT',
  })(),
  'no-color': Flags.boolean({ summary: 'no colours', helpGroup: GROUPS.output, env: 'KUBECTL_MIGRATE_NO_COLOR' }),
  'no-input': Flags.boolean({ summary: 'never ask', helpGroup: GROUPS.output, env: 'KUBECTL_MIGRATE_NO_INPUT' }),
  v: Flags.integer({
    char: 'v',
    summary: 'verbosity, 0 to 9; from 1 on errors show where they come from',
    min: 0,
    max: 9,
    helpValue: 'N',
    helpGroup: GROUPS.output,
    env: 'KUBECTL_MIGRATE_V',
  }),
};

export const stateDirFlag = {
  'state-dir': Flags.string({
    summary: 'directory that holds the runs (default $XDG_STATE_HOME/kubectl-migrate/runs)',
    helpValue: 'DIR',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_STATE_DIR',
  }),
};

/** Commands that report progress. */
export const eventFlags = {
  events: Flags.option({
    summary: 'stderr carries one JSON object per line, and nothing is asked',
    options: ['json'] as const,
    helpValue: 'FORMAT',
    helpGroup: GROUPS.output,
    env: 'KUBECTL_MIGRATE_EVENTS',
  })(),
  'events-file': Flags.string({
    summary: 'the same lines into a file; stderr stays as it is',
    helpValue: 'FILE',
    helpGroup: GROUPS.output,
    env: 'KUBECTL_MIGRATE_EVENTS_FILE',
  }),
};

const file = (summary: string, more = {}) => Flags.string({ summary, helpValue: 'FILE', helpGroup: GROUPS.clusters, ...more });
const context = (summary: string, more = {}) => Flags.string({ summary, helpValue: 'NAME', helpGroup: GROUPS.clusters, ...more });
const hidden = { hidden: true };

/** kubectl has these flags; here they would say nothing about which of two clusters is meant. */
const refused = () =>
  Flags.string({
    hidden: true,
    parse: () => {
      throw usageError(
        'usage/refused',
        'not taken here, where two clusters play a part: name each by --source, --target or a context of it',
        {
          next: ['kubectl migrate ctx'],
        },
      );
    },
  });

export const clusterFlags = {
  source: file('kubeconfig of the cluster that acts now', { char: 's' }),
  target: file('kubeconfig of the cluster that takes over', { char: 't' }),
  'source-context': context('context of the source; without --source looked up in --kubeconfig'),
  'target-context': context('context of the target; without --target looked up in --kubeconfig'),
  kubeconfig: file('kubeconfig that both sides share (default $KUBECONFIG)'),
  context: context('the same as --source-context', hidden),
  'kubeconfig-context': context('the same as --source-context', hidden),
  'to-kubeconfig': file('the same as --target', hidden),
  'to-kubeconfig-context': context('the same as --target-context', hidden),
  cluster: refused(),
  user: refused(),
  server: refused(),
  token: refused(),
};

const who = (summary: string) => ({ summary, helpGroup: GROUPS.identity });

export const identityFlags = {
  as: Flags.string({ ...who('user to act as on the source'), helpValue: 'USER' }),
  'as-group': Flags.string({
    ...who('group to act as on the source; may be repeated'),
    helpValue: 'GROUP',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'as-uid': Flags.string({ ...who('UID to act as on the source'), helpValue: 'UID' }),
  'target-as': Flags.string({ ...who('user to act as on the target'), helpValue: 'USER' }),
  'target-as-group': Flags.string({
    ...who('group to act as on the target; may be repeated'),
    helpValue: 'GROUP',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'target-as-uid': Flags.string({ ...who('UID to act as on the target'), helpValue: 'UID' }),
  'request-timeout': requestTimeout({
    summary: 'how long one request may take; 0 = as long as it takes',
    helpGroup: GROUPS.clusters,
    env: 'KUBECTL_MIGRATE_REQUEST_TIMEOUT',
  }),
};

/** Of a command that has no source. */
export const targetFlags = {
  target: clusterFlags.target,
  'target-context': clusterFlags['target-context'],
  kubeconfig: clusterFlags.kubeconfig,
  'to-kubeconfig': clusterFlags['to-kubeconfig'],
  'to-kubeconfig-context': clusterFlags['to-kubeconfig-context'],
  cluster: clusterFlags.cluster,
  user: clusterFlags.user,
  server: clusterFlags.server,
  token: clusterFlags.token,
  'target-as': identityFlags['target-as'],
  'target-as-group': identityFlags['target-as-group'],
  'target-as-uid': identityFlags['target-as-uid'],
  'request-timeout': identityFlags['request-timeout'],
};

export const everywhereFlag = (summary: string) => ({
  'all-namespaces': Flags.boolean({ char: 'A', summary, env: 'KUBECTL_MIGRATE_ALL_NAMESPACES' }),
});

const namespaceFlags = (everywhere: string) => ({
  namespace: Flags.string({
    char: 'n',
    summary: 'only this namespace; may be repeated or a comma list',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    env: 'KUBECTL_MIGRATE_NAMESPACE',
  }),
  ...everywhereFlag(everywhere),
});

export const lockAndConflictFlags = {
  'lock-namespace': Flags.string({
    summary: 'namespace of the lock on both clusters',
    helpValue: 'NAME',
    default: 'kube-system',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_LOCK_NAMESPACE',
  }),
  'on-conflict': Flags.option({
    summary: 'what to do with an object of the same name on the target',
    options: ['fail', 'adopt', 'overwrite'] as const,
    default: 'fail' as const,
    helpValue: 'WHAT',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_ON_CONFLICT',
  })(),
};

/** For every command that reads objects. */
export const kindsFlag = {
  kinds: Flags.string({
    summary: 'descriptions of further kinds (docs/kinds.md); may be repeated',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    env: 'KUBECTL_MIGRATE_KINDS',
  }),
};

/** What the planning of a pivot needs. */
export const scopeFlags = { ...namespaceFlags('all namespaces; the default'), ...lockAndConflictFlags };

/** Files in the part of one side. */
export const directoryFlags = {
  'to-directory': Flags.string({
    summary: 'save the objects as files into this directory, and let the source go on; no target',
    helpValue: 'DIR',
    exclusive: [
      'from-directory',
      'target',
      'to-kubeconfig',
      'target-context',
      'to-kubeconfig-context',
      'to-namespace',
      'retire',
      'stay-frozen',
    ],
  }),
  'from-directory': Flags.string({
    summary: 'create the objects that were saved in this directory, by this program or by clusterctl; no source',
    helpValue: 'DIR',
    exclusive: ['source', 'source-context', 'context', 'kubeconfig-context', 'retire', 'stay-frozen'],
  }),
};

/** What commands take that work on a selection of objects. */
export const selectionFlags = {
  ...namespaceFlags('all namespaces; the default is the namespace of the source context'),
  selector: Flags.string({
    char: 'l',
    summary: 'only objects with these labels',
    helpValue: 'SELECTOR',
    env: 'KUBECTL_MIGRATE_SELECTOR',
  }),
  'filter-cluster': Flags.string({
    summary: 'the same as the name cluster/NAME: this Cluster and what belongs to it alone; what it shares is copied and kept',
    helpValue: 'NAME',
    env: 'KUBECTL_MIGRATE_FILTER_CLUSTER',
  }),
};

export const missingOwnerFlag = {
  'to-namespace': Flags.string({
    summary: 'namespace on the target in place of the one on the source; references are rewritten',
    helpValue: 'NAME',
    env: 'KUBECTL_MIGRATE_TO_NAMESPACE',
  }),
  'on-missing-owner': Flags.option({
    summary: 'what to do with an owner that does not move: block, leave the reference out, or move the owner too',
    options: ['fail', 'drop-reference', 'follow'] as const,
    default: 'fail' as const,
    helpValue: 'WHAT',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_ON_MISSING_OWNER',
  })(),
};

/** A consent to a finding: no environment twin. */
export const allowFlag = {
  allow: Flags.string({
    summary: 'go on although this rule blocks; may be repeated',
    helpValue: 'RULE[=SUBJECT]',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: GROUPS.run,
  }),
};

export const timeoutFlag = (more: { readonly default?: number } = {}) => ({
  timeout: duration({ summary: 'bounds each step, in release each batch', helpGroup: GROUPS.run, env: 'KUBECTL_MIGRATE_TIMEOUT', ...more }),
});

export const settleFlag = {
  settle: duration({
    summary: 'how long hosts that show no sign must stay unchanged',
    default: 120_000,
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_SETTLE',
  }),
};

export const PHASES_TO_STOP_AFTER = ['preflight', 'prepare', 'precopy', 'release', 'verify'] as const;

export const untilFlag = {
  until: Flags.option({
    summary: 'stop after this phase (exit 7)',
    options: PHASES_TO_STOP_AFTER,
    helpValue: 'PHASE',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_UNTIL',
  })(),
};

export const batchFlag = {
  batch: Flags.custom<readonly number[]>({
    summary: 'sizes of the release batches; the first is the canary, the last repeats',
    helpValue: 'N,N,...',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_BATCH',
    default: [1, 4, 16, 50],
    parse: (text) => Promise.resolve(parseBatch(text)),
  })(),
};

function parseBatch(text: string): readonly number[] {
  const sizes = text.split(',').map((size) => (/^[1-9]\d*$/.test(size.trim()) ? Number(size) : NaN));
  if (sizes.some(Number.isNaN)) throw usageError('usage/batch', `"${text}" is no list of batch sizes; write it like 1,4,16,50`);
  return sizes;
}

export const stayFrozenFlag = {
  'stay-frozen': Flags.boolean({
    summary: 'do not thaw by itself when something fails while frozen',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_STAY_FROZEN',
  }),
};

/** Bare `--dry-run` is rewritten by argv.ts. */
export const dryRunFlag = {
  'dry-run': Flags.string({
    summary: 'client: show the plan; server: rehearse every object on the target; neither writes',
    helpValue: 'client|server|none',
    default: 'none',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_DRY_RUN',
    parse: (text) => Promise.resolve(parseDryRun(text)),
  }),
};

/** Of every command that makes a plan. */
export const planFileFlag = {
  'plan-file': Flags.string({
    summary: 'write the plan into this file and stop; "apply FILE" carries it out',
    helpValue: 'FILE',
    helpGroup: GROUPS.run,
    env: 'KUBECTL_MIGRATE_PLAN_FILE',
  }),
};

export const acceptDriftFlag = {
  'accept-drift': Flags.boolean({
    summary: 'begin although something is no longer as the file says, with that as it is now',
    helpGroup: GROUPS.run,
  }),
};

function parseDryRun(text: string): string {
  if (text === 'client' || text === 'server' || text === 'none') return text;
  throw usageError('usage/dry-run', `"${text}" is neither client, server nor none`);
}

export const yesFlag = (summary: string) => ({ yes: Flags.boolean({ char: 'y', summary, helpGroup: GROUPS.run }) });

export const retireFlag = {
  retire: Flags.boolean({ summary: 'also remove the originals from the source at the end', helpGroup: GROUPS.run }),
};
