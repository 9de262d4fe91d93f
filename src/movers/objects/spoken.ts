/**
 * One hash over a set of objects, and a way to say it aloud. Keyed by both clusters' UIDs: whoever compares the same two clusters gets the same, and nobody can
 * look it up in a table. Why these sixteen characters: docs/decisions/0010-plan-files-and-verify.md.
 */
import { createHmac } from 'node:crypto';
import type { Key } from '../../graph/ref.ts';
import type { Keyed } from './hash.ts';
import type { Comparison } from './normalise.ts';

/** No two of them look alike (0 O D Q, 1 I, 5 S, 8 B, G, Z, U V, N are not in it), and few rhyme (A E B D G P V, 5 and 8 are not). */
const ALPHABET = '234679CFHKLMRTWX';

/** Groups of four that are said: 64 bits. */
const GROUPS = 4;

export interface SetHash {
  /** Four groups of four characters, for two people on the telephone: the first 64 bits. */
  readonly spoken: string;
  /** HMAC-SHA256, hexadecimal. */
  readonly hex: string;
}

/** The key of a pair of clusters; Secrets are hashed by it too before they go into the set. */
export function keyOfPair(sourceUid: string, targetUid: string): Keyed {
  return (text) => createHmac('sha256', `${sourceUid} ${targetUid}`).update(text).digest('hex');
}

/** Over names and content, in the order of the names; what is not there is not in it. */
export function setHash(hashes: ReadonlyMap<Key, string>, comparison: Comparison, keyed: Keyed): SetHash {
  const lines = [...hashes].map(([key, hash]) => `${key} ${hash}\n`).sort();
  const hex = keyed(`${comparison}\n${lines.join('')}`);
  return { spoken: spoken(hex), hex };
}

/** `7KM4 9XR2 H6TW 36FC` in the characters of the alphabet. */
export function spoken(hex: string): string {
  const said = Array.from(hex.slice(0, GROUPS * 4), (digit) => ALPHABET[parseInt(digit, 16)] ?? '');
  return Array.from({ length: GROUPS }, (_, at) => said.slice(at * 4, at * 4 + 4).join('')).join(' ');
}
