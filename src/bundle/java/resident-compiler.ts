/**
 * A compiler of Java that stays between compilations: most of what one takes is the start of Java and of its compiler. It compiles what javac is told in the same words; nothing of
 * an app runs in it.
 *
 * Owns: a process of Java, from the first compilation until close(). Compilations are done one after the other. A process that ends is replaced by the next one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { guarded } from "../../base/errors/guarded.ts";

export interface Compilation {
  code: number;
  /** All that the compiler printed. */
  said: string;
}

/** For each line that is the path of a file of javac's words: the exit code and the number of bytes, 4 bytes each, then what was printed. */
const program = `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.spi.ToolProvider;

public class Resident {
  public static void main(String[] arguments) throws IOException {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var out = new DataOutputStream(new FileOutputStream(FileDescriptor.out));
    var compiler = ToolProvider.findFirst("javac").orElseThrow();
    for (String words; (words = in.readLine()) != null; ) {
      var said = new StringWriter();
      var printer = new PrintWriter(said);
      int code = compiler.run(printer, printer, "@" + words);
      var bytes = said.toString().getBytes(StandardCharsets.UTF_8);
      var reply = new ByteArrayOutputStream();
      var data = new DataOutputStream(reply);
      data.writeInt(code);
      data.writeInt(bytes.length);
      data.write(bytes);
      out.write(reply.toByteArray());
      out.flush();
    }
  }
}
`;

const HEAD_BYTES = 8;

export class ResidentCompiler {
  #child: ChildProcess | undefined;
  #read: Buffer = Buffer.alloc(0);
  readonly #waiting: PromiseWithResolvers<Compilation>[] = [];

  /**
   * @param java the command that runs Java @param folder for what is made on the way @param words the path of a file of javac's words. Rejects if the process ends, and after `limitMs`,
   * which ends it.
   */
  async compile(java: [string, ...string[]], folder: string, words: string, limitMs: number): Promise<Compilation> {
    const child = (this.#child ??= this.#start(java, folder));
    const waiting = Promise.withResolvers<Compilation>();
    this.#waiting.push(waiting);
    child.stdin!.write(`${words}\n`);
    // Its end rejects what waits.
    // oxlint-disable-next-line mayfly/guarded-listeners
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    return waiting.promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#child?.kill("SIGKILL");
  }

  #start([command, ...before]: [string, ...string[]], folder: string): ChildProcess {
    const source = join(folder, "Resident.java");
    writeFileSync(source, program);
    const env = { LANG: "C.UTF-8" };
    const child = spawn(command, [...before, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", source], {
      stdio: ["pipe", "pipe", "ignore"],
      env,
      // A terminal's Ctrl-C does not reach it: Mayfly ends it, and it ends itself when its standard input does.
      detached: true,
    });
    const failed = (error: unknown) => this.#ended(child, error);
    child.on("error", guarded(failed, failed));
    child.on(
      "exit",
      guarded(() => this.#ended(child, new Error("Java's compiler has ended")), failed),
    );
    child.stdin.on("error", guarded(failed, failed));
    child.stdout.on(
      "data",
      guarded((chunk: Buffer) => this.#take(chunk), failed),
    );
    return child;
  }

  #take(chunk: Buffer): void {
    this.#read = Buffer.concat([this.#read, chunk]);
    while (this.#read.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#read.readInt32BE(4);
      if (this.#read.length < end) return;
      const [code, said] = [this.#read.readInt32BE(0), this.#read.toString("utf8", HEAD_BYTES, end)];
      this.#read = this.#read.subarray(end);
      this.#waiting.shift()?.resolve({ code, said });
    }
  }

  #ended(child: ChildProcess, why: unknown): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#read = Buffer.alloc(0);
    for (const { reject } of this.#waiting.splice(0)) reject(why);
  }
}
