// What must hold at every moment of a run, watched on both clusters; each law has a test that breaks it.
export { Canaries } from './canaries.ts';
export { SIDES, type Facts, type Side } from './facts.ts';
export { breaches, type History, type Scope } from './laws.ts';
export { exitUntruths, LOCK, untruths, type Said } from './truth.ts';
export { Watcher } from './watcher.ts';
export { World, type Change } from './world.ts';
