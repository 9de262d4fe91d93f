import { Args } from '@oclif/core';
import { courseOf } from '../cli/courses.ts';
import { backupFlags } from '../cli/backup.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { moveObjects } from '../cli/move-objects.ts';

export default class MoveObjects extends MigrateCommand<typeof MoveObjects> {
  static override summary = 'move any graph of custom resources to another cluster, with status and Secrets';

  static override description = `Everything that clusterctl move moves, and what belongs to it: owners first, held until both sides are equal, status and field
ownership carried over. No controller is needed on either side; those that run are waited for. The originals stay, paused,
until they are retired. Servers that a baremetal-operator acts on are for "pivot".`;

  static override args = {
    'type/name': Args.string({
      description: 'only these, each with all that belongs to it; cluster/NAME is a whole Cluster',
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override examples = [
    {
      description: 'Look first: what would move from this namespace, what would stay, and why',
      command: 'kubectl migrate move-objects -s source.yaml -t target.yaml -n team-a --dry-run=client',
    },
    {
      description: 'Move a namespace, asking before the source is paused',
      command: 'kubectl migrate move-objects -s source.yaml -t target.yaml -n team-a',
    },
    {
      description: 'One Cluster with all that belongs to it',
      command: 'kubectl migrate move-objects cluster/prod -s source.yaml -t target.yaml -n team-a',
    },
    {
      description: 'In a script, into another namespace, the originals removed at the end',
      command: 'kubectl migrate move-objects -s source.yaml -t target.yaml -n team-a --to-namespace tenants-a --yes --retire -o json',
    },
    {
      description: 'Save a namespace into files, as clusterctl does but with status, to be created from them elsewhere',
      command: 'kubectl migrate move-objects -s source.yaml -n team-a --to-directory saved',
    },
    {
      description: 'And there, after a look at what would be created',
      command: 'kubectl migrate move-objects -t target.yaml --from-directory saved',
    },
  ];

  static override flags = {
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.selectionFlags,
    ...flags.directoryFlags,
    ...flags.missingOwnerFlag,
    ...flags.kindsFlag,
    ...flags.lockAndConflictFlags,
    ...flags.dryRunFlag,
    ...flags.planFileFlag,
    ...flags.untilFlag,
    ...flags.yesFlag('hand over without asking; source and target must then be named'),
    ...flags.retireFlag,
    ...backupFlags,
    ...flags.allowFlag,
    ...flags.timeoutFlag({ default: 600_000 }),
    ...flags.stayFrozenFlag,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await moveObjects(this.flags, this.args['type/name'] ?? [], courseOf(this.flags), this.desk);
  }
}
