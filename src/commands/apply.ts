import { Args } from '@oclif/core';
import { apply } from '../cli/apply.ts';
import { backupPassphraseFlag } from '../cli/backup.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';

export default class Apply extends MigrateCommand<typeof Apply> {
  static override summary = 'carry out a plan that was written with --plan-file';

  static override description = `Reads both clusters again, judges them by the same rules, and compares them with the file: UIDs, what is in scope, content
other than status. Where something is no longer as it was reviewed it is named, and nothing is begun (exit 4). It is compared again
when each phase begins: what changed later stops the run, thawed, until resume is told --allow plan-file/drift. Options and steps
come from the file, the clusters too; consents are given here.`;

  static override examples = [
    {
      description: 'Write it down, have it reviewed, carry it out',
      command: 'kubectl migrate pivot -s source.yaml -t target.yaml --plan-file plan.yaml\nkubectl migrate apply plan.yaml',
    },
    { description: 'Is it still true?', command: 'kubectl migrate apply plan.yaml --dry-run=client' },
    {
      description: 'On another machine, where the kubeconfigs are elsewhere',
      command: 'kubectl migrate apply plan.yaml -s source.yaml -t target.yaml --yes',
    },
    { description: 'Go on although something changed, with that as it is now', command: 'kubectl migrate apply plan.yaml --accept-drift' },
  ];

  static override args = { file: Args.string({ description: 'the plan file', required: true, ignoreStdin: true }) };

  static override flags = {
    ...flags.acceptDriftFlag,
    ...flags.dryRunFlag,
    ...flags.untilFlag,
    ...flags.yesFlag('hand over without asking'),
    ...flags.retireFlag,
    ...backupPassphraseFlag,
    ...flags.allowFlag,
    ...flags.stayFrozenFlag,
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await apply(this.args.file, this.flags, this.desk);
  }
}
