/** Words and widths. Names and messages come from API servers: nothing of them may steer a terminal or show a credential. */
import { stripVTControlCharacters } from 'node:util';

/** Without escape sequences and control characters; line breaks stay. */
export function clean(text: string): string {
  // eslint-disable-next-line no-control-regex -- taking them out is the point
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** On one line. */
export function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim();
}

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g, '<redacted>'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, '$1 <redacted>'],
  [/\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g, '<redacted>'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1<redacted>@'],
  [
    /(["']?[\w.-]*(?:token|password|passwd|client-secret|client-key-data|certificate-authority-data|client-certificate-data)["']?\s*[:=]\s*)(["']?)[^\s"',}]{4,}\2/gi,
    '$1<redacted>',
  ],
];

/** Takes out what looks like a credential: errors of libraries quote headers, URLs and kubeconfigs. */
export function redact(text: string): string {
  return SECRETS.reduce((result, [pattern, instead]) => result.replace(pattern, instead), text);
}

/** Columns that a text takes. */
export function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/** Cut to a width, uncoloured text only. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  const letters = Array.from(text);
  if (letters.length <= width) return text;
  return letters.slice(0, Math.max(0, width - ellipsis.length)).join('') + ellipsis;
}

/** Broken at blanks to a width; every line after the first is indented. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** 12345 -> 12,345. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 object`, `1,200 objects`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Milliseconds for people: <0.1s, 0.4s, 12s, 3m12s, 2h05m, 3d4h. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (ms > 0 && ms < 95) return '<0.1s';
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad2(whole % 60)}s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours}h${pad2(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** Whole units, for bounds: 10m, 1h30m, 90s. */
export function bound(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, unit]) => `${n}${unit}`)
      .join('') || '0s'
  );
}

function pad2(n: number): string {
  return String(n).padStart(2, '0');
}

/** Bytes, as people read them. */
export function size(bytes: number): string {
  return bytes < 1024 * 1024 ? `${count(Math.max(1, Math.round(bytes / 1024)))} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
