/** What one row of the doctor's report says. */
export interface Finding {
  part: string;
  ok: boolean;
  detail: string;
  /** What to do; also where all is well but could be better. */
  cure?: string;
}
