import { Args } from '@oclif/core';
import { resume } from '../cli/again.ts';
import { backupKeyFlags } from '../cli/backup.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { fromClustersFlag, stealFlag } from '../cli/take-over-flags.ts';

export default class Resume extends MigrateCommand<typeof Resume> {
  static override summary = 'go on with a run that stopped';

  static override description = `Proves that what the run did still stands, then goes on to the end, or to --until. A consent that was given holds.
Without RUN: the only unfinished one.`;

  static override examples = [
    { description: 'Go on', command: 'kubectl migrate resume' },
    { description: 'Release a host that was held', command: 'kubectl migrate resume --allow release/steady=metal3/node-7' },
  ];

  static override args = { run: Args.string({ description: 'id of the run', ignoreStdin: true }) };

  static override flags = {
    ...flags.untilFlag,
    ...flags.yesFlag('hand over without asking'),
    ...flags.retireFlag,
    ...backupKeyFlags,
    ...flags.allowFlag,
    ...flags.timeoutFlag(),
    ...flags.stayFrozenFlag,
    ...stealFlag,
    ...fromClustersFlag,
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await resume(this.args.run, this.flags, this.desk);
  }
}
