/** How NFS 3 says what became of a call: RFC 1813, 2.6. */
export const Status = {
  ok: 0,
  noEntry: 2,
  io: 5,
  denied: 13,
  notFolder: 20,
  isFolder: 21,
  invalid: 22,
  readOnly: 30,
  nameTooLong: 63,
  stale: 70,
  badHandle: 10_001,
  tooSmall: 10_005,
  tryLater: 10_008,
} as const;

export class NfsError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`NFS status ${status}`);
    this.status = status;
  }
}
