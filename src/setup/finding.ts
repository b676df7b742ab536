/** One row of the doctor's report. */
export interface Finding {
  part: string;
  ok: boolean;
  detail: string;
  /** What to do. May be there also where all is well, but could be better. */
  cure?: string;
}
