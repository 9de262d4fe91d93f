// Mocha's spec reporter, which also leaves its counts in the file that MOCHA_COUNTS names, for the sum at the end of `make test`.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class Counting extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      // A pending test is one that did not run: it must not look green.
      if (process.env.MOCHA_COUNTS) writeFileSync(process.env.MOCHA_COUNTS, JSON.stringify({ passes, failures: failures + pending }));
    });
  }
};
