import { Args, Flags } from '@oclif/core';
import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { showStatus, watchStatus } from '../cli/status.ts';

export default class Status extends MigrateCommand<typeof Status> {
  static override summary = 'say who acts now, and how to go on';

  static override description = `Reads the journal of a run on this machine; no cluster is contacted. Without RUN: the only unfinished one, else the last one.`;

  static override examples = [
    { description: 'Where does it stand?', command: 'kubectl migrate status' },
    { description: 'Look on from another terminal', command: 'kubectl migrate status --watch' },
  ];

  static override args = { run: Args.string({ description: 'id of the run', ignoreStdin: true }) };

  static override flags = {
    watch: Flags.boolean({ char: 'w', summary: 'look again every second until nobody works on it any more' }),
    ...flags.stateDirFlag,
  };

  protected override async act() {
    const show = this.flags.watch ? watchStatus : showStatus;
    return await show(this.args.run, this.desk);
  }
}
