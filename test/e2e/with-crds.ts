/** Planes with every definition: 43 of them keep an API server busy for five seconds. */
import { installCrds } from '../fixtures/index.ts';
import { adminClient, type Furnishing } from '../sandbox/index.ts';

export const WITH_CRDS: Furnishing = { name: 'crds', furnish: (plane) => installCrds(adminClient(plane)) };
