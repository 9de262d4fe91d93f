import { Args, Flags } from '@oclif/core';
import * as shared from '../cli/flags.ts';
import { graph } from '../cli/graph.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';

const { source, 'source-context': sourceContext, kubeconfig, context, 'kubeconfig-context': kubeconfigContext } = shared.clusterFlags;
const { cluster, user, server, token } = shared.clusterFlags;
const { as, 'as-group': asGroup, 'as-uid': asUid, 'request-timeout': requestTimeout } = shared.identityFlags;

export default class Graph extends MigrateCommand<typeof Graph> {
  static override summary = 'show what belongs together, and why it moves';

  static override description = `Reads one cluster and changes nothing. TYPE/NAME means that object with all that belongs to it; cluster/NAME a whole
cluster. A label narrows object by object. What belongs to the chosen ones and is not chosen is named, with what follows from that.`;

  static override examples = [
    { description: 'What would move from the namespace of the current context?', command: 'kubectl migrate graph' },
    { description: 'One cluster, with everything that goes along', command: 'kubectl migrate graph cluster/prod -n metal3' },
    { description: 'As a picture', command: 'kubectl migrate graph -A -o svg > fleet.svg' },
    { description: 'Why does this host move, and who would act on it now?', command: 'kubectl migrate graph --why bmh/node-7 -n metal3' },
  ];

  static override args = {
    'type/name...': Args.string({
      description: 'as kubectl takes it: cluster/prod, bmh/node-7, machine.cluster.x-k8s.io/m-0',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...{
      source,
      'source-context': sourceContext,
      kubeconfig,
      context,
      'kubeconfig-context': kubeconfigContext,
      cluster,
      user,
      server,
      token,
    },
    ...{ as, 'as-group': asGroup, 'as-uid': asUid, 'request-timeout': requestTimeout },
    namespace: Flags.string({
      char: 'n',
      summary: "only this namespace; may be repeated or a comma list (default: the context's)",
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      env: 'KUBECTL_MIGRATE_NAMESPACE',
    }),
    'all-namespaces': Flags.boolean({ char: 'A', summary: 'all namespaces', env: 'KUBECTL_MIGRATE_ALL_NAMESPACES' }),
    selector: Flags.string({ char: 'l', summary: 'only objects with these labels', helpValue: 'LABELS', env: 'KUBECTL_MIGRATE_SELECTOR' }),
    ...shared.kindsFlag,
    why: Flags.string({
      summary: 'of this one object: why it moves, why in this order, who would reconcile it now, what it refers to',
      helpValue: 'TYPE/NAME',
      env: 'KUBECTL_MIGRATE_WHY',
    }),
    output: Flags.option({
      char: 'o',
      summary: 'tree folds equal siblings, wide folds nothing; the others are exactly one document',
      options: ['tree', 'wide', 'name', 'dot', 'mermaid', 'svg', 'json', 'yaml'] as const,
      helpValue: 'FORMAT',
      helpGroup: 'OUTPUT',
      env: 'KUBECTL_MIGRATE_OUTPUT',
    })(),
  };

  protected override async act() {
    return await graph(this.args['type/name...'] ?? [], this.flags, this.desk);
  }
}
