/** What may go wrong outside of the program, how a run ends then, and the test that shows it. */
export interface Fault {
  readonly fault: string;
  readonly ends: string;
  /** Its name, what is put in as an ellipsis. */
  readonly test: string;
  readonly file: string;
}

const WIRE = 'test/e2e/wire-faults.e2e.ts';
const PASSES = {
  test: 'all that passes, in turn, a clock that is wrong and set right on the way, credentials renewed: the run comes to its end',
  file: WIRE,
};
const OUTLASTS = { test: '…, while the fleet is frozen: thawed by itself, 5, with the command to type', file: WIRE };
const STORM = { test: 'conflicts on every second write and stale answers to reads: the copies are made all the same', file: WIRE };
const JOURNAL = 'test/journal/journal.test.ts';
const ENGINE = 'test/engine/faults.test.ts';
const WATCH = 'test/cluster/watch.test.ts';
const FROZEN = 'test/e2e/faults.e2e.ts';

export const FAULTS: readonly Fault[] = [
  { fault: 'a connection is reset, before or after the server acted', ends: 'asked again, within 30 s; success', ...PASSES },
  { fault: 'a half-open connection, an answer that never comes', ends: 'asked again after `--request-timeout`; success', ...PASSES },
  { fault: 'a body that is cut off, also where it looks whole', ends: 'asked again; success', ...PASSES },
  { fault: '500, 502, 503, 504, 429 with and without Retry-After', ends: 'asked again, as late as Retry-After says; success', ...PASSES },
  { fault: 'a server that answers so for good', ends: 'thawed, 5, resume', ...OUTLASTS },
  { fault: 'TLS fails: a certificate that nobody trusts', ends: 'not asked again; thawed, 5, resume', ...OUTLASTS },
  { fault: 'every second write meets a conflict (409)', ends: 'read and judged again, twelve times at most; success', ...STORM },
  {
    fault: 'the same while originals are removed',
    ends: 'success',
    test: 'conflicts on every second write while the originals are removed: done, and nothing of it is left',
    file: WIRE,
  },
  { fault: 'stale answers to reads', ends: 'a write on them meets a conflict; success', ...STORM },
  {
    fault: 'a watch is cut',
    ends: 'goes on after the last event',
    test: 'goes on after the connection was cut, in the middle of a line too',
    file: WATCH,
  },
  {
    fault: 'a watch is too old (410)',
    ends: 'everything is told again, and what went meanwhile',
    test: 'tells everything again, and what vanished, when the server has forgotten where it was (…)',
    file: WATCH,
  },
  {
    fault: 'a continue token has expired',
    ends: 'listed anew, nothing twice',
    test: 'goes on with a fresh one when its token has expired, and repeats nothing',
    file: 'test/cluster/objects.test.ts',
  },
  {
    fault: 'the source is away for 60 s',
    ends: 'thawed as soon as it is back, 5, resume; away beyond `--timeout`: 6, `frozen`',
    ...OUTLASTS,
  },
  {
    fault: 'the target is away',
    ends: 'thawed without it, 5, resume',
    test: 'a target that goes away ends with 5, and the source thaws by itself',
    file: FROZEN,
  },
  { fault: 'credentials of a program expire', ends: 'the program is asked again; success', ...PASSES },
  { fault: 'credentials of the target expire, and nobody renews them', ends: 'thawed without it, 5, resume', ...OUTLASTS },
  { fault: 'a token file of the source expires', ends: 'thawed once it is renewed, 5, resume', ...OUTLASTS },
  { fault: 'the clock of this machine is 10 minutes off, or is set', ends: 'success', ...PASSES },
  {
    fault: 'it is set in the middle of a wait',
    ends: 'the wait is as long as it was to be',
    test: 'by … minutes in the middle of a wait neither ends it nor makes it endless',
    file: ENGINE,
  },
  { fault: 'the disk of the run is full', ends: 'thawed from what stands on the objects, 5, resume', ...OUTLASTS },
  {
    fault: 'it is full from any record on',
    ends: 'stopped, thawed before commit; the state told is the true one; resume or rollback',
    test: 'from any record on stops the run thawed, says who really acts and what to type, and resume finishes it',
    file: ENGINE,
  },
  {
    fault: 'it is still full when the run is taken up',
    ends: '5, as it was, with the command for when there is room',
    test: 'on a disk that is still full stays as it is, with the command to type, and its lock is free',
    file: 'test/runs/damage.test.ts',
  },
  {
    fault: 'the state directory cannot be written to',
    ends: '1, nothing changed',
    test: 'a directory that cannot be written to ends with 1 before anything was written',
    file: WIRE,
  },
  {
    fault: 'the run directory cannot be written to any more',
    ends: '1, as it was, with what to type',
    test: 'a run directory that cannot be written to is told with what to type, and the run stays as it is',
    file: WIRE,
  },
  {
    fault: 'stdout or stderr goes nowhere: a full disk, a closed pipe',
    ends: 'the run goes on',
    test: 'whose … goes on: a run must not end in its middle for that',
    file: 'test/ui/streams.test.ts',
  },
  {
    fault: 'the journal is cut off at any length',
    ends: 'goes on from the last whole record, with a warning',
    test: 'reads every whole record of a file cut off at any length, and goes on after them',
    file: JOURNAL,
  },
  {
    fault: 'any byte of the journal is changed',
    ends: '`journal/damaged`, 5, nothing is changed; of its last line: as if that had been cut off',
    test: 'with any byte changed (bit …) is refused with the command to type, or goes on before its last line; nothing else is ever read',
    file: JOURNAL,
  },
  {
    fault: 'plan, key or journal of a run are damaged or gone',
    ends: '5, named by every command that would have taken it up',
    test: 'is never called "no unfinished run": … is named, with the command to type',
    file: 'test/runs/damage.test.ts',
  },
];
