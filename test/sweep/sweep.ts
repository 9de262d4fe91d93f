/** `make sweep`: plays the cases that have not been played, until the time is over; see docs/evidence/sweep.md. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomNumbers } from '../e2e/killing.ts';
import { FIXTURES, nameOf, pairCases, sampledPairs, singleCases, type Case, type FixtureName, type Size } from './cases.ts';
import { addEvidence, entryOf, readEvidence } from './evidence.ts';
import { Results, treeHash } from './results.ts';
import { play } from './round.ts';
import { Theatre } from './theatre.ts';

const setting = (name: string, otherwise: string): string => process.env[name] || otherwise;
const fixture = setting('FIXTURE', 'kinds') as FixtureName;
const [shard = 1, shards = 1] = setting('SHARD', '1/1').split('/').map(Number);
const minutes = Number(setting('MINUTES', '10'));
const seed = Number(setting('SEED', String(Date.now() % 100_000)));
if (!(fixture in FIXTURES) || !(minutes > 0) || !(shard >= 1 && shard <= shards)) {
  console.error(`usage: make sweep [FIXTURE=${Object.keys(FIXTURES).join('|')}] [SHARD=1/4] [MINUTES=10] [SEED=7]`);
  process.exit(2);
}
const deadline = Date.now() + minutes * 60_000;
const tree = treeHash();
const results = new Results(tree, fixture);

/** How many random pairs are drawn per seed. */
const SAMPLE = 500;

function casesOf(size: Size): Case[] {
  if (fixture === 'kinds') return singleCases(size);
  const singles = singleCases(size);
  const pairs = fixture === 'smallest' ? pairCases(size) : sampledPairs(size, SAMPLE, randomNumbers(seed));
  return pairs.flatMap((pair, at): Case[] => (singles[at] === undefined || fixture === 'fleet' ? [pair] : [singles[at], pair]));
}

/** A run without faults: how many requests there are to strike. */
async function measure(theatre: Theatre): Promise<void> {
  await theatre.begin();
  const { exit, requests, stderr } = await theatre.run('pivot');
  const broken = await theatre.end('moved');
  if (exit !== 0 || broken.length > 0)
    throw new Error(`a run without faults ended with ${exit}: ${[...broken, stderr.slice(-2000)].join('\n')}`);
  const { gitVersion } = (await theatre.stage.s.request('GET', '/version')).body as { gitVersion: string };
  const writes = requests.filter(({ write }) => write).length;
  results.add({ measured: { requests: requests.length, writes, objects: theatre.objects, server: gitVersion } });
}

/** What is needed to understand a breach: the journals, and what the controllers of both sides said. */
function keep(theatre: Theatre, folder: string): void {
  cpSync(theatre.folder, join(folder, 'runs'), { recursive: true });
  for (const { name, dir } of [theatre.stage.source, theatre.stage.target])
    cpSync(join(dir, 'pods'), join(folder, `${name}-pods`), { recursive: true });
}

async function sweep(): Promise<number> {
  let theatre = await Theatre.open(FIXTURES[fixture].fleet);
  let [rounds, broken] = [0, 0];
  try {
    if (results.measured === undefined) await measure(theatre);
    const mine = casesOf(results.measured!).filter((one, at) => at % shards === shard - 1 && !results.has(nameOf(one)));
    console.log(`${mine.length} cases to play, seed ${seed}`);
    for (const one of mine) {
      if (Date.now() > deadline) break;
      const played = await play(theatre, one);
      results.add({ played });
      rounds++;
      console.log(
        `${played.broken.length === 0 ? 'held  ' : 'BROKEN'} ${played.name}: ${played.how} (${played.phase} ${played.struck}) ${(played.took / 1000).toFixed(1)} s`,
      );
      if (played.broken.length === 0) continue;
      broken++;
      for (const sentence of played.broken) console.log(`       ${sentence}`);
      keep(theatre, join(results.folder, played.name.replaceAll(/[ ,]+/g, '-')));
      await theatre.close(); // nobody knows what the clusters are like now
      theatre = await Theatre.open(FIXTURES[fixture].fleet);
    }
  } finally {
    await theatre.close();
  }
  console.log(`${rounds} rounds, ${broken} broken`);
  return broken;
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

const broken = await sweep();
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
const before = readEvidence().find((entry) => entry.tree === tree && entry.fixture === fixture);
const known = {
  tree,
  commit: commit(),
  date: new Date().toISOString().slice(0, 10),
  versions: `kubectl-migrate ${version}, Node ${process.versions.node}`,
  fixture,
  measured: results.measured!,
};
await addEvidence(entryOf(known, results.played, fixture === 'fleet' ? [String(seed)] : [], before));
process.exit(broken === 0 ? 0 : 1); // planes that were given back wait to be lent again
