/**
 * Writes to a peer that may be slow, one write at a time. What arrives meanwhile is gathered into one buffer, so that the sender's credit
 * bounds the memory used, however small the pieces are: a guest that sends its window as 65,536 frames of one byte, each a view of a large
 * chunk, costs no more than one that sends it at once.
 */
const FIRST_BYTES = 4_096;

/** Whom it writes to. */
export interface Peer {
  /** Gives bytes to the peer, and calls back when they have been written. */
  write(bytes: Buffer, written: () => void): void;
  /** Called with the number of bytes of each completed write. */
  taken(bytes: number): void;
}

export class PacedWriter {
  readonly #peer: Peer;
  #underWay = 0;
  #held: Buffer | null = null;
  #heldBytes = 0;
  #whenEmpty: (() => void) | null = null;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#underWay === 0) this.#give(bytes);
    else this.#hold(bytes);
  }

  /** Calls back once, when everything has been given to the peer. Nothing may be written after this call. */
  end(whenEmpty: () => void): void {
    if (this.#held === null) whenEmpty();
    else this.#whenEmpty = whenEmpty;
  }

  #give(bytes: Buffer): void {
    this.#underWay = bytes.length;
    this.#peer.write(bytes, this.#written);
  }

  readonly #written = () => {
    const taken = this.#underWay;
    const held = this.#held;
    this.#underWay = 0;
    if (held !== null) {
      this.#held = null;
      this.#give(held.subarray(0, this.#heldBytes));
      this.#whenEmpty?.();
    }
    this.#peer.taken(taken);
  };

  #hold(bytes: Buffer): void {
    if (this.#held === null) this.#heldBytes = 0;
    const needed = this.#heldBytes + bytes.length;
    if (this.#held === null || this.#held.length < needed) this.#held = larger(this.#held, this.#heldBytes, needed);
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes = needed;
  }
}

function larger(old: Buffer | null, used: number, needed: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * needed));
  old?.copy(buffer, 0, 0, used);
  return buffer;
}
