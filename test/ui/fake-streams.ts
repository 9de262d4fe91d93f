/** Streams that keep what is written to them. */
import { compose } from '../../src/ui/streams.ts';
import type { ColorLevel, Environment, IOStreams, OutStream } from '../../src/ui/streams.ts';

export interface KeptStream extends OutStream {
  text(): string;
}

export function keptStream(
  options: { readonly tty?: boolean; readonly color?: ColorLevel; readonly width?: number; readonly rows?: number } = {},
): KeptStream {
  let kept = '';
  return {
    write: (text) => {
      kept += text;
    },
    tty: options.tty ?? false,
    color: options.color ?? 0,
    width: () => options.width ?? 100,
    rows: () => options.rows ?? 40,
    text: () => kept,
  };
}

export interface FakeStreams extends IOStreams {
  readonly stdout: KeptStream;
  readonly stderr: KeptStream;
}

export interface Ttys {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
}

export function fakeStreams(ttys: Ttys = {}, env: Environment = {}, noInput = false): FakeStreams {
  const stdout = keptStream({ tty: ttys.stdout ?? false });
  const stderr = keptStream({ tty: ttys.stderr ?? false });
  return { ...compose(stdout, stderr, { tty: ttys.stdin ?? false }, env, { noInput }), stdout, stderr };
}
