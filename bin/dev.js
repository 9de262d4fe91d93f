#!/usr/bin/env node
// The same program straight from src/, for work on it: no build, no manifest.
import { readFileSync, readdirSync } from 'node:fs';
import { URL, fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
pjson.oclif = { ...pjson.oclif, commands: { strategy: 'pattern', target: './src/commands' }, helpClass: './src/cli/help.ts' };
const commands = readdirSync(new URL('../src/commands', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));

void main(process.argv.slice(2), { commands, load: { root, pjson, isRoot: true, ignoreManifest: true } });
