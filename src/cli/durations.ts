/** Go durations, as kubectl's flags take them. */
import { usageError } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 };
const PART = /(\d+(?:\.\d+)?|\.\d+)(h|ms|us|µs|ns|m|s)/g;
const WHOLE = /^(?:(?:\d+(?:\.\d+)?|\.\d+)(?:h|ms|us|µs|ns|m|s))+$/;

/** `1h30m` -> milliseconds. A bare 0 needs no unit, as in Go. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!WHOLE.test(text)) throw usageError('usage/duration', `"${text}" is no duration; write it like 90s, 10m or 1h30m`);
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return Math.round(ms);
}

/** --request-timeout: a bare number counts seconds, as kubectl has it. */
export function parseRequestTimeout(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
}
