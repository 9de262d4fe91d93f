// Loaded before the program: its clock is wrong by CLOCK_OFF milliseconds, and after CLOCK_SET_AFTER milliseconds by CLOCK_SET.
import { performance } from 'node:perf_hooks';

const real = Date.now;
const { CLOCK_OFF = '0', CLOCK_SET = CLOCK_OFF, CLOCK_SET_AFTER = '1e9' } = process.env;
const began = performance.now();
const off = () => Number(performance.now() - began < Number(CLOCK_SET_AFTER) ? CLOCK_OFF : CLOCK_SET);

globalThis.Date = class extends Date {
  constructor(...given) {
    if (given.length === 0) super(real() + off());
    else super(...given);
  }

  static now() {
    return real() + off();
  }
};
