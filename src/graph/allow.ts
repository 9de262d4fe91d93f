/** `--allow RULE[=SUBJECT]`: how a rule and a subject are named by a person. Pure text, shared by plan and journal. */

/** `hosts/steady=metal3/node-0` is the rule and the subject; without `=` the subject is undefined: all of them. */
export function splitAllow(text: string): readonly [rule: string, subject: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Does `name` as we print it (`baremetalhost.metal3.io/node-0 (metal3)`, `BareMetalHost metal3/node-0`) mean what was typed (`node-0`, `metal3/node-0`, the whole)? */
export function isNamed(name: string, typed: string): boolean {
  if (name === typed) return true;
  const words = name.split(/[ ()]+/).filter((word) => word !== '');
  const [first = '', second] = words;
  const bare = first.slice(first.lastIndexOf('/') + 1);
  if (second !== undefined && typed === `${second}/${bare}`) return true;
  return words.some((word) => word === typed || word.endsWith(`/${typed}`));
}
