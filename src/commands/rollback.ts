import { Args } from '@oclif/core';
import { rollback } from '../cli/again.ts';
import { backupKeyFlags } from '../cli/backup.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { rollbackFlags } from '../cli/rollback-flags.ts';
import { fromClustersFlag, stealFlag } from '../cli/take-over-flags.ts';

export default class Rollback extends MigrateCommand<typeof Rollback> {
  static override summary = 'put the source back to act, whatever a run has come to';

  static override description = `Before a run has handed over: walks back to the beginning; the source acts again, the copies are removed from the target.
After it, even after retire: the same procedure the other way round, as a run of its own; originals that still stand are brought up to date where they are,
the others are made anew, and the controllers are handed back in order. Cut off, the same command goes on.
Asks once, telling what will be undone, made up for, or cannot be. Without RUN: the only unfinished one.`;

  static override examples = [
    { description: 'Put things back', command: 'kubectl migrate rollback' },
    { description: 'See what that would do', command: 'kubectl migrate rollback RUN --dry-run=client' },
    { description: 'Let the source act again, and keep the copies', command: 'kubectl migrate rollback RUN --to freeze' },
    { description: 'In a script', command: 'kubectl migrate rollback RUN --yes' },
  ];

  static override args = { run: Args.string({ description: 'id of the run', ignoreStdin: true }) };

  static override flags = {
    ...rollbackFlags,
    ...flags.yesFlag('do not ask'),
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
    return await rollback(this.args.run, this.flags, this.desk);
  }
}
