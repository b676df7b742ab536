/** Calls of ONC RPC, version 2 (RFC 5531), of the programs that a door has. */
import { BadMessage, XdrReader, XdrWriter } from "./xdr.ts";

/** Writes its results. May throw BadMessage. */
export type Procedure = (call: XdrReader, reply: XdrWriter) => void | Promise<void>;

export interface Program {
  program: number;
  version: number;
  /** By their numbers. */
  procedures: ReadonlyMap<number, Procedure>;
}

const CALL = 0;
const REPLY = 1;
const RPC_VERSION = 2;
const MOST_OF_CREDENTIAL = 400;
const [ACCEPTED, DENIED] = [0, 1];
const [SUCCESS, NO_PROGRAM, OTHER_VERSION, NO_PROCEDURE, GARBAGE] = [0, 1, 2, 3, 4];

/** Returns the reply. Rejects with BadMessage if the message is no call, and with what a procedure rejects with. */
export async function answerCall(message: Buffer, programs: readonly Program[]): Promise<Buffer> {
  const call = new XdrReader(message);
  const [id, type, version] = [call.u32(), call.u32(), call.u32()];
  if (type !== CALL) throw new BadMessage("a message that is no call");
  const reply = new XdrWriter().u32(id, REPLY);
  if (version !== RPC_VERSION) return reply.u32(DENIED, 0, RPC_VERSION, RPC_VERSION).bytes();
  const [number, programVersion, procedureNumber] = [call.u32(), call.u32(), call.u32()];
  // Who calls is known by the connection: credential and verifier count for nothing.
  for (let skipped = 0; skipped < 2; skipped++) {
    call.u32();
    call.opaque(MOST_OF_CREDENTIAL);
  }
  reply.u32(ACCEPTED, 0, 0);
  const versions = programs.filter(({ program }) => program === number);
  if (versions.length === 0) return reply.u32(NO_PROGRAM).bytes();
  const program = versions.find((each) => each.version === programVersion);
  if (program === undefined) return reply.u32(OTHER_VERSION, versions[0]!.version, versions.at(-1)!.version).bytes();
  const procedure = program.procedures.get(procedureNumber);
  if (procedure === undefined) return reply.u32(NO_PROCEDURE).bytes();
  const results = new XdrWriter();
  try {
    await procedure(call, results);
  } catch (error) {
    if (error instanceof BadMessage) return reply.u32(GARBAGE).bytes();
    throw error;
  }
  return reply.u32(SUCCESS).append(results).bytes();
}
