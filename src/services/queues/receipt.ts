/** A receipt names a message's place in its queue, and the receive that it belongs to. The part of the message's id makes it one that cannot be guessed. */

export interface Receipt {
  seq: number;
  /** Of which receive of the message it is. */
  receives: number;
  id: string;
}

export function receiptOf({ seq, receives, id }: Receipt): string {
  return Buffer.from(`1.${seq}.${receives}.${id}`).toString("base64url");
}

/** Undefined if it is none. */
export function readReceipt(text: string): Receipt | undefined {
  if (text.length > 200 || !/^[\w-]+$/.test(text)) return undefined;
  const found = /^1\.(\d{1,15})\.(\d{1,9})\.([0-9a-f-]{36})$/.exec(Buffer.from(text, "base64url").toString("latin1"));
  return found === null ? undefined : { seq: Number(found[1]), receives: Number(found[2]), id: found[3]! };
}
