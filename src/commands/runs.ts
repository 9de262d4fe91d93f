import * as flags from '../cli/flags.ts';
import { MigrateCommand } from '../cli/migrate-command.ts';
import { listRuns } from '../cli/status.ts';

export default class Runs extends MigrateCommand<typeof Runs> {
  static override summary = 'list the runs of this machine';

  static override examples = [
    { description: 'All runs, oldest first', command: 'kubectl migrate runs' },
    { description: 'With clusters, operator and directory', command: 'kubectl migrate runs -o wide' },
  ];

  static override flags = { ...flags.stateDirFlag };

  protected override async act() {
    return await listRuns(this.desk);
  }
}
