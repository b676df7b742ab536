/**
 * What one reader reads over and over, as a page that looks again every few seconds does: the first time has a line of its own, and the further ones of each SPAN_MS are summed up
 * in one line that says how many there were. No read is left out, and a page that stays open fills no log.
 */
import type { AuditLine } from "./audit.ts";

/** 15 minutes. */
const SPAN_MS = 900_000;
/** Of all readers together. What else is read meanwhile has a line each time. */
const MOST = 10_000;

interface Reading {
  owner: string | null;
  /** Of the last time. */
  line: AuditLine;
  /** Since the last line. */
  calls: number;
  /** When the last line was written. */
  since: number;
}

export interface Summed {
  owner: string | null;
  line: AuditLine;
}

export class RepeatedReads {
  readonly #readings = new Map<string, Reading>();

  /** Whether the read is to be summed up: its line need not be written then. @param reader stands for a session */
  counts(reader: string, owner: string | null, line: AuditLine): boolean {
    const { address, action, tenant, target, at } = line;
    const key = JSON.stringify([reader, owner, address, action, tenant, target]);
    const reading = this.#readings.get(key);
    if (reading !== undefined) {
      reading.calls++;
      reading.line = line;
      return true;
    }
    if (this.#readings.size < MOST) this.#readings.set(key, { owner, line, calls: 0, since: at });
    return false;
  }

  /** The lines of the reads whose span is over, or of all. What was not read again in its span is forgotten. @param now wall clock, ms; it may have been put back */
  due(now: number, all = false): Summed[] {
    const due: Summed[] = [];
    for (const [key, reading] of this.#readings) {
      if (!all && Math.abs(now - reading.since) < SPAN_MS) continue;
      const { owner, line, calls } = reading;
      if (calls === 0) this.#readings.delete(key);
      else due.push({ owner, line: { ...line, at: now, ...(calls > 1 && { calls }) } });
      Object.assign(reading, { calls: 0, since: now });
    }
    return due;
  }
}
