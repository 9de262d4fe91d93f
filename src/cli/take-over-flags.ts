/** Flags of commands that take up a run of another machine. */
import { Flags } from '@oclif/core';
import { lockAndConflictFlags } from './flags.ts';

export const stealFlag = {
  'steal-lock': Flags.boolean({
    summary: 'take the run over from the machine that holds it; asks once',
    helpGroup: 'RUN',
  }),
};

/** Of commands that can do without the run directory. */
export const fromClustersFlag = {
  'from-clusters': Flags.boolean({
    summary: 'the machine that has the run is lost: rebuild it from both clusters and take it over; asks once',
    helpGroup: 'RUN',
  }),
  'lock-namespace': lockAndConflictFlags['lock-namespace'],
};
