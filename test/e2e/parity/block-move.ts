/** A controller that is slow to let go: it takes its block-move off a second after the Cluster above was paused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CAPI, isPaused, OPEN, type Bare } from '../bare.ts';
import { BLOCK_MOVE, INFRA } from '../defects/providers.ts';
import { TEAM } from './estate.ts';

export interface SlowController {
  /** How often it let go, and whether the target could act on the Cluster at that moment. */
  readonly letGo: { readonly targetActs: boolean }[];
  stop(): Promise<void>;
}

const LOOK_MS = 100;
const SLOW_MS = 1000;

export function slowController(stage: Bare, name: string, above: string): SlowController {
  const letGo: { targetActs: boolean }[] = [];
  const path = `${OPEN(INFRA, 'devtemplates', TEAM)}/${name}`;
  const root = `${CAPI('clusters', TEAM)}/${above}`;
  let running = true;
  const working = (async () => {
    while (running) {
      await sleep(LOOK_MS);
      const [owner, own] = await Promise.all([stage.s.get(root), stage.s.get(path)]);
      if (!isPaused(owner) || own?.metadata.annotations?.[BLOCK_MOVE] === undefined) continue;
      await sleep(SLOW_MS);
      const copy = await stage.t.get(root);
      await stage.s.patch(path, { metadata: { annotations: { [BLOCK_MOVE]: null } } });
      letGo.push({ targetActs: copy !== undefined && !isPaused(copy) });
    }
  })();
  return {
    letGo,
    async stop() {
      running = false;
      await working;
    },
  };
}
