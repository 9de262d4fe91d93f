/** Blocking findings are lowered by name only, and some by none. */
import { isNamed, splitAllow } from '../graph/allow.ts';
import type { Finding } from './plan.ts';

export function isAllowed(allow: readonly string[], rule: string, subject: string): boolean {
  return allow.some((text) => {
    const [name, typed] = splitAllow(text);
    return name === rule && (typed === undefined || isNamed(subject, typed));
  });
}

/** Marks what `--allow` lowers; an absolute finding stays. */
export function lower(findings: readonly Finding[], allow: readonly string[]): Finding[] {
  return findings.map((finding) =>
    finding.level === 'block' && finding.absolute !== true && isAllowed(allow, finding.rule, finding.subject)
      ? { ...finding, allowed: true }
      : finding,
  );
}

export function isBlocking(finding: Finding): boolean {
  return finding.level === 'block' && finding.allowed !== true;
}
