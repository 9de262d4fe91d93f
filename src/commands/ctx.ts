import { EXIT } from '../errors.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';

export default class Ctx extends MigrateCommand<typeof Ctx> {
  static override summary = 'list the contexts to choose from';

  static override description = `The contexts of --kubeconfig, else of $KUBECONFIG, as --source-context and --target-context take them.`;

  static override examples = [
    { description: 'The contexts of the default kubeconfig', command: 'kubectl migrate ctx' },
    { description: 'With the servers that they lead to', command: 'kubectl migrate ctx --kubeconfig fleet.yaml -o wide' },
  ];

  static override flags = { kubeconfig: flags.clusterFlags.kubeconfig };

  protected override async act() {
    const view = await this.world.contexts(this.flags.kubeconfig);
    return { kind: 'ContextList', view, exit: EXIT.done } as const;
  }
}
