import { Args } from '@oclif/core';
import { retire } from '../cli/again.ts';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { stealFlag } from '../cli/take-over-flags.ts';

export default class Retire extends MigrateCommand<typeof Retire> {
  static override summary = 'remove the originals from the source, once the target acts';

  static override description = `Proves for every original that it was moved, that it is unchanged and still held, then removes it without touching its machine.
This cannot be undone. Without RUN: the only unfinished one.`;

  static override examples = [
    { description: 'Remove the originals; the phrase shown has to be typed', command: 'kubectl migrate retire' },
    { description: 'In a script', command: 'kubectl migrate retire RUN --yes' },
  ];

  static override args = { run: Args.string({ description: 'id of the run', ignoreStdin: true }) };

  static override flags = {
    ...flags.yesFlag('do not ask'),
    ...flags.timeoutFlag(),
    ...stealFlag,
    ...flags.clusterFlags,
    ...flags.identityFlags,
    ...flags.stateDirFlag,
    ...flags.eventFlags,
  };

  protected override async act() {
    return await retire(this.args.run, this.flags, this.desk);
  }
}
