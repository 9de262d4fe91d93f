import { Args } from '@oclif/core';
import { rollback } from '../cli/again.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';

export default class Rollback extends MigrateCommand<typeof Rollback> {
  static override summary = 'put both clusters back as they were before a run';

  static override description = `Walks back to the beginning: the source acts again, the copies are removed from the target. Asks once.
Once a run has handed over there is no walk back; pivot the other way instead. Without RUN: the only unfinished one.`;

  static override examples = [
    { description: 'Put things back', command: 'kubectl migrate rollback' },
    { description: 'In a script', command: 'kubectl migrate rollback RUN --yes' },
  ];

  static override args = { run: Args.string({ description: 'id of the run', ignoreStdin: true }) };

  static override flags = {
    ...flags.yesFlag('do not ask'),
    ...flags.timeoutFlag(),
    ...flags.stealFlag,
    ...flags.fromClustersFlag,
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await rollback(this.args.run, this.flags, this.desk);
  }
}
