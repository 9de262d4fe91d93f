/** Which progress a stream gets: NDJSON when asked for, the live view on a terminal, lines everywhere else. */
import type { Look } from '../preflight.ts';
import type { IOStreams } from '../streams.ts';
import { LiveProgress } from './live.ts';
import { ndjsonProgress } from './ndjson.ts';
import { plainProgress } from './plain.ts';
import type { Progress } from './progress.ts';

export type Showing = 'ndjson' | 'live' | 'plain';

const SHOW: Readonly<Record<Showing, (streams: IOStreams, look: Look) => Progress>> = {
  ndjson: ({ stderr }) => ndjsonProgress(stderr),
  live: ({ stderr }, look) => new LiveProgress(stderr, look),
  plain: ({ stderr }, look) => plainProgress(stderr, look),
};

export function chooseProgress(showing: Showing, streams: IOStreams, look: Look): Progress {
  return SHOW[showing](streams, look);
}
