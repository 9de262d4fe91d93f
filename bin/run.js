#!/usr/bin/env node
// Production entry. Written so that any Node from 14 on can read it: an old one is told what is missing, instead of a syntax error.
import { readFileSync } from 'fs';
import { URL } from 'url';

const root = new URL('..', import.meta.url);
const read = (file) => JSON.parse(readFileSync(new URL(file, root), 'utf8'));
const pjson = read('package.json');

function isOlderThan(floor) {
  const wanted = floor.replace(/^\D*/, '').split('.').map(Number);
  const have = process.versions.node.split('.').map(Number);
  const at = [0, 1, 2].find((i) => have[i] !== wanted[i]);
  return at !== undefined && have[at] < wanted[at];
}

async function start() {
  const v8 = await import('node:v8');
  // Pages of lists are garbage as soon as they are read: left to itself V8 lets the heap double before it collects them. A fifth costs
  // a tenth more time in the largest lists, and a third less memory at the peak.
  v8.setFlagsFromString('--heap-growing-percent=20');
  const module = await import('node:module');
  const { homedir } = await import('node:os');
  const { join } = await import('node:path');
  // A cache that cannot be written costs time, nothing else.
  if (module.enableCompileCache)
    module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kubectl-migrate', 'compile'));
  const { fileURLToPath } = await import('node:url');
  const { main } = await import('../dist/cli/main.js');
  const commands = Object.keys(read('oclif.manifest.json').commands);
  await main(process.argv.slice(2), { commands, load: { root: fileURLToPath(root), pjson, isRoot: true } });
}

if (isOlderThan(pjson.engines.node)) {
  console.error(`error: kubectl migrate needs Node ${pjson.engines.node}, and this is ${process.versions.node}`);
  process.exitCode = 1;
} else {
  void start();
}
