import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../../src/engine/events.ts';
import { glyphs } from '../../src/ui/glyphs.ts';
import { palette } from '../../src/ui/palette.ts';
import { EMPTY, follow, rate, timeLeft } from '../../src/ui/progress/board.ts';
import type { Board } from '../../src/ui/progress/board.ts';
import { frame } from '../../src/ui/progress/frame.ts';
import { LiveProgress } from '../../src/ui/progress/live.ts';
import { line, ndjsonProgress } from '../../src/ui/progress/ndjson.ts';
import { plainProgress } from '../../src/ui/progress/plain.ts';
import { widthOf } from '../../src/ui/text.ts';
import { keptStream } from './fake-streams.ts';
import { golden } from './golden.ts';
import { beginning, recorded, summary, waiting, whole } from './recorded.ts';

const look = { palette: palette(0), glyphs: glyphs({}) };
const boardOf = (events: readonly Event[]): Board => events.reduce(follow, EMPTY);
const framed = (events: readonly Event[], more: Partial<Parameters<typeof frame>[1]> = {}): string => {
  const now = Date.parse(events.at(-1)!.at) + 1500;
  return `${frame(boardOf(events), { width: 100, rows: 40, now, ...look, ...more }).join('\n')}\n`;
};
const ended = (events: readonly Event[]): Event[] => [...events, { type: 'summary', at: events.at(-1)!.at, summary }];

describe('the live view', () => {
  it('shows the step that works, its counts, its rate and the time left', () => {
    golden('live-mid-run.txt', framed(recorded(beginning)));
  });

  it('says what is waited for, since when, and on which', () => {
    golden('live-waiting.txt', framed(recorded(waiting)));
  });

  it('ends with every phase, its time and who acts', () => {
    golden('live-final.txt', framed(ended(recorded(whole))));
  });

  it('carries its meaning in signs, with colour on top', () => {
    golden('live-colour.txt', framed(recorded(waiting), { palette: palette(1) }));
  });

  it('falls back to ASCII where nothing else can be shown', () => {
    const text = framed(recorded(waiting), { glyphs: glyphs({ TERM: 'dumb' }) });
    // eslint-disable-next-line no-control-regex -- that is ASCII
    assert.match(text, /^[\x00-\x7f]*$/);
  });

  for (const width of [20, 40, 60, 80, 100, 200]) {
    it(`is never wider than a terminal of ${width} columns`, () => {
      const widest = Math.max(...framed(recorded(waiting), { width }).split('\n').map(widthOf));
      assert.ok(widest <= width, `${widest} columns`);
    });
  }

  it('is never higher than the terminal', () => {
    for (const rows of [5, 8, 12, 20]) assert.ok(framed(recorded(waiting), { rows }).trimEnd().split('\n').length < rows);
  });

  it('draws at most ten times a second, however many events come', async () => {
    const out = keptStream({ tty: true });
    let writes = 0;
    const counting = {
      ...out,
      write: () => {
        writes++;
      },
    };
    const progress = new LiveProgress(counting, look);
    for (const event of recorded(beginning)) progress.listener(event);
    await sleep(260);
    progress.close();
    assert.ok(writes >= 2 && writes <= 5, `${writes} writes`);
  });

  it('hides the cursor while it draws and gives it back at the end', async () => {
    const out = keptStream({ tty: true });
    const progress = new LiveProgress(out, look);
    for (const event of recorded(beginning)) progress.listener(event);
    await sleep(50);
    progress.close();
    progress.close();
    assert.equal(out.text().split('\u001b[?25l').length, 2);
    assert.ok(out.text().endsWith('\u001b[?25h\n'));
  });

  it('keeps warnings above the block', async () => {
    const out = keptStream({ tty: true });
    const progress = new LiveProgress(out, look);
    for (const event of recorded(whole)) progress.listener(event);
    await sleep(20);
    progress.close();
    const [above] = out.text().split('pivot-1120');
    assert.match(above ?? '', /mgmt-new: the target answers slowly/);
  });

  it('draws nothing while a question is asked', async () => {
    const out = keptStream({ tty: true });
    const progress = new LiveProgress(out, look);
    const events = recorded(waiting);
    for (const event of events.slice(0, 20)) progress.listener(event);
    progress.pause();
    const before = out.text();
    for (const event of events.slice(20)) progress.listener(event);
    await sleep(150);
    assert.equal(out.text(), before);
    progress.resume();
    await sleep(150);
    assert.ok(out.text().length > before.length);
    progress.close();
  });
});

describe('plain progress', () => {
  const told = (events: readonly Event[]): string => {
    const out = keptStream();
    const progress = plainProgress(out, look);
    for (const event of events) progress.listener(event);
    progress.close();
    return out.text();
  };

  it('has one line per change', () => {
    golden('plain-progress.txt', told(recorded(whole)));
  });

  it('tells a wait once, and again every 30 seconds', () => {
    assert.equal(told(recorded(whole)).match(/waits/g)?.length, 2);
  });

  it('tells of a long step every 30 seconds, with its rate and the time left', () => {
    const events = recorded(beginning.map((event) => (event.type === 'item' ? { ...event, after: 100 } : event)));
    const lines = told(events)
      .split('\n')
      .filter((text) => text.includes('/s'));
    assert.equal(lines.length, 5);
    assert.match(lines[0] ?? '', /copy objects, held, with status: 312\/4,210, 10\/s, 6m30s left/);
  });

  it('draws over nothing', () => {
    assert.ok(!told(recorded(whole)).includes('\u001b'));
  });
});

describe('NDJSON', () => {
  it('is one event per line, as it came', () => {
    const out = keptStream();
    const progress = ndjsonProgress(out);
    const events = recorded(whole);
    progress.say(['for people only']);
    for (const event of events) progress.listener(event);
    assert.deepEqual(
      out
        .text()
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as Event),
      events,
    );
  });

  it('never carries a credential', () => {
    const text = line({ type: 'warning', at: '2026-11-20T10:00:00.000Z', message: 'sent Authorization: Bearer c4n4ry-s3cret' });
    assert.ok(!text.includes('c4n4ry'));
  });
});

describe('the board', () => {
  it('knows no rate before there is one', () => {
    const step = boardOf(recorded(beginning.slice(0, 14)))
      .phases.flatMap((phase) => phase.steps)
      .find(({ id }) => id === 'precopy/copy')!;
    assert.equal(rate(step), undefined);
    assert.equal(timeLeft(step), undefined);
  });

  it('counts a rate without what was done before it looked', () => {
    const step = boardOf(recorded(beginning))
      .phases.flatMap((phase) => phase.steps)
      .find(({ id }) => id === 'precopy/copy')!;
    assert.equal(rate(step), 500);
  });

  it('follows steps that stand in no phase, as those of a walk back', () => {
    const board = boardOf(
      recorded([
        ...whole,
        {
          type: 'step',
          step: 'rollback/copies',
          phase: 'rollback',
          title: 'remove the copies',
          status: 'started',
          direction: 'back',
          total: 3,
        },
      ]),
    );
    assert.equal(board.direction, 'back');
    assert.deepEqual(
      board.phases.at(-1)?.steps.map(({ id }) => id),
      ['rollback/copies'],
    );
  });
});
