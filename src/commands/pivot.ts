import { MigrateCommand } from '../cli/migrate-command.ts';
import { courseOf } from '../cli/courses.ts';
import { pivot } from '../cli/pivot.ts';
import { backupFlags } from '../cli/backup.ts';
import * as flags from '../cli/flags.ts';

export default class Pivot extends MigrateCommand<typeof Pivot> {
  static override summary = 'hand the management of running machines over to another cluster';

  static override description = `Moves the Cluster API and Metal3 objects of a management cluster to another one, with status and Secrets, while
the machines that they manage keep running. Looks before it writes, asks before it hands over, proves what it did.
Whatever stops it, "resume" finishes and "rollback" puts things back.`;

  static override examples = [
    {
      description: 'Look first: what would be done, and what stands in the way',
      command: 'kubectl migrate pivot -s source.yaml -t target.yaml --dry-run=client',
    },
    { description: 'Hand over, asking before the source is frozen', command: 'kubectl migrate pivot -s source.yaml -t target.yaml' },
    { description: 'Choose both clusters from the kubeconfig', command: 'kubectl migrate pivot' },
    {
      description: 'Copy now, hand over tonight',
      command: 'kubectl migrate pivot -s source.yaml -t target.yaml --until precopy\nkubectl migrate resume',
    },
    {
      description: 'Write the plan down, have it reviewed, carry out exactly that',
      command: 'kubectl migrate pivot -s source.yaml -t target.yaml --plan-file plan.yaml\nkubectl migrate apply plan.yaml',
    },
    {
      description: 'In a script: nobody is asked, the originals are removed at the end',
      command: 'kubectl migrate pivot -s source.yaml -t target.yaml --yes --retire -o json',
    },
  ];

  static override flags = {
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.scopeFlags,
    ...flags.kindsFlag,
    ...flags.dryRunFlag,
    ...flags.planFileFlag,
    ...flags.untilFlag,
    ...flags.yesFlag('hand over without asking; source and target must then be named'),
    ...flags.retireFlag,
    ...backupFlags,
    ...flags.allowFlag,
    ...flags.timeoutFlag({ default: 600_000 }),
    ...flags.settleFlag,
    ...flags.batchFlag,
    ...flags.stayFrozenFlag,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await pivot(this.flags, courseOf(this.flags), this.desk);
  }
}
