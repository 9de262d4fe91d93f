/** The lock on both clusters, as the engine needs it; the Lease behind it is the mover lock's. */

export type Word = 'committed' | 'thawing' | 'rolling-back';

export interface Fence {
  /** Both Leases read. @throws MigrateError `lock/lost` (5) where one names another process, or is gone. */
  mine(): Promise<void>;
  /** Writes the run's word on both Leases by compare-and-swap; null takes it off. Refused under `rolling-back`. */
  word(word: Word | null): Promise<void>;
  /** The word that stands on a Lease, when there is one: where it says more than the journal, it is right. */
  words(): Promise<string | undefined>;
  /**
   * The same lock for a thaw: a target that is away, or no longer lets us in, is passed over, since commit needs the word of both sides and the source's Lease already
   * says `thawing`. The source is never passed over.
   */
  forThaw(): Fence;
  /** This process in place of a dead one of the same machine. */
  takeOver(): Promise<void>;
  /** Both Leases go, when they are ours. */
  giveBack(): Promise<void>;
  /** Both Leases go back to the run that they were taken over from. */
  handBack(run: string): Promise<void>;
}
