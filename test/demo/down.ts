/** `make demo-down`: ends what the demo left running and removes its files. */
import { DIR, strikeScene } from './scene.ts';

await strikeScene();
process.stderr.write(`demo: nothing runs any more, ${DIR} is removed\n`);
