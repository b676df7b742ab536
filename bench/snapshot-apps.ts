/** Apps whose initialisation takes long, in each language, for the case `snapshot`: written into a folder, because they are large. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface SlowApp {
  what: string;
  folder: string;
}

export async function withSlowApps<T>(use: (apps: SlowApp[]) => Promise<T>): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "mayfly-bench-slow-"));
  try {
    const made = Object.entries(slowApps).map(([name, { what, files }]) => {
      const folder = join(parent, name);
      for (const [path, text] of Object.entries(files())) write(join(folder, path), text);
      return { what, folder };
    });
    return await use(made);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

interface SlowSource {
  what: string;
  files: () => Record<string, string>;
}

/** The CPU time that the first of them takes, in the machine, seconds. */
const CPU_SECONDS = 3;
const BUNDLE_BYTES = 5_000_000;
const JAVA_BEANS = 300;

const slowApps: Record<string, SlowSource> = {
  computes: {
    what: `Node: ${CPU_SECONDS} s of CPU`,
    files: () => ({
      "mayfly.json": manifest({ functions: { hello: { entry: "main.ts" } } }),
      "main.ts": `const used = () => process.cpuUsage().user + process.cpuUsage().system;
for (const end = used() + ${CPU_SECONDS}e6; used() < end;);
export const handler = async () => "hello";
`,
    }),
  },
  bundle: {
    what: `Node: a bundle of ${BUNDLE_BYTES / 1e6} MB`,
    files: () => ({ "mayfly.json": manifest({ memoryMb: 512, functions: { hello: { entry: "main.ts" } } }), "main.ts": largeBundle() }),
  },
  python: {
    what: "Python: large modules of the standard library",
    files: () => ({
      "mayfly.json": manifest({ runtime: "python", functions: { hello: { entry: "main.py" } } }),
      "main.py": `import argparse, asyncio, concurrent.futures, ctypes, csv, curses, dbm, difflib, doctest, email.mime.multipart, fractions, ftplib
import html.parser, http.cookiejar, http.server, imaplib, importlib.metadata, inspect, ipaddress, json, logging.config, mailbox, multiprocessing.pool
import optparse, pdb, pickletools, plistlib, poplib, pydoc, smtplib, sqlite3, statistics, tarfile, tokenize, trace, typing, unittest.mock
import urllib.robotparser, wsgiref.simple_server, xml.dom.minidom, xml.etree.ElementTree, xmlrpc.client, zipfile, zoneinfo
import re
patterns = [re.compile(rf"^(?P<a>{n}[a-z]+)-(?:x|y|z{n}){{2,{n % 7 + 2}}}\\s*(?P<b>[^\\d\\W]+)$") for n in range(300)]
def handler(event, context):
    return "hello"
`,
    }),
  },
  java: {
    what: `Java: ${JAVA_BEANS} components found by annotations, made and wired by reflection, behind proxies`,
    files: javaFiles,
  },
};

function manifest(more: object): string {
  return JSON.stringify({ name: "slow", timeoutMs: 300_000, ...more });
}

/** Many small modules' worth of functions and tables, which are all evaluated. */
function largeBundle(): string {
  const parts = ["const made: unknown[] = [];"];
  for (let [n, bytes] = [0, 0]; bytes < BUNDLE_BYTES; n++) {
    const words = Array.from({ length: 20 }, (_, at) => `"word ${n} ${at} ${(n * 7919 + at * 104_729).toString(36)}"`).join(", ");
    const part = `class Part${n} { readonly #words = [${words}]; find(text: string) { return this.#words.filter((word) => word.includes(text)).map((word) => word.toUpperCase()); } static table = new Map(Array.from({ length: 20 }, (_, at) => ["key" + at + "${n}", { at, n: ${n}, text: "value " + at }])); }
made.push(new Part${n}().find("${n % 100}"), Part${n}.table.size);`;
    parts.push(part);
    bytes += part.length;
  }
  return `${parts.join("\n")}\nexport const handler = async () => "hello" + (made.length > 0 ? "" : "!");\n`;
}

/** What a container for dependencies does at its start: it looks through its classes, reads annotations, makes instances, sets fields, makes proxies. */
function javaFiles(): Record<string, string> {
  const files: Record<string, string> = {
    "mayfly.json": manifest({ runtime: "java", memoryMb: 512, functions: { hello: { entry: "src", handler: "app.Main::hello" } } }),
    "src/app/Component.java":
      "package app; import java.lang.annotation.*; @Retention(RetentionPolicy.RUNTIME) public @interface Component { String value(); int order() default 0; }\n",
    "src/app/Inject.java": "package app; import java.lang.annotation.*; @Retention(RetentionPolicy.RUNTIME) public @interface Inject {}\n",
    "src/app/Main.java": `package app;
import java.lang.reflect.*;
import java.util.*;
public final class Main {
  private static final Map<String, Object> beans = new TreeMap<>();
  static {
    try { wire(); } catch (ReflectiveOperationException error) { throw new ExceptionInInitializerError(error); }
  }
  private static void wire() throws ReflectiveOperationException {
    for (int n = 0; n < ${JAVA_BEANS}; n++) {
      Class<?> type = Class.forName("app.Bean" + n);
      Component component = type.getAnnotation(Component.class);
      Object bean = type.getDeclaredConstructor().newInstance();
      for (Method method : type.getMethods()) method.getParameterTypes();
      beans.put(component.value(), bean);
    }
    for (Object bean : beans.values())
      for (Field field : bean.getClass().getDeclaredFields())
        if (field.isAnnotationPresent(Inject.class)) {
          field.setAccessible(true);
          Object target = beans.get("bean" + field.getName().substring(4));
          InvocationHandler handler = (proxy, method, arguments) -> method.invoke(target, arguments);
          field.set(bean, Proxy.newProxyInstance(Main.class.getClassLoader(), new Class<?>[] {Service.class}, handler));
        }
    for (Object bean : beans.values()) ((Service) bean).serve("at start");
  }
  public String hello() { return ((Service) beans.get("bean0")).serve("hello"); }
}
`,
    "src/app/Service.java": "package app; public interface Service { String serve(String text); }\n",
  };
  for (let n = 0; n < JAVA_BEANS; n++) {
    const next = n + 1 < JAVA_BEANS && n % 10 < 9 ? n + 1 : undefined;
    files[`src/app/Bean${n}.java`] =
      `package app; @Component(value = "bean${n}", order = ${n}) public class Bean${n} implements Service { ${next === undefined ? "" : `@Inject private Service next${next}; `}private final java.util.List<String> seen = new java.util.ArrayList<>(); public String serve(String text) { if (seen.size() < 10) seen.add(String.format("%s %d", text, seen.size())); return ${next === undefined ? "text" : `next${next} == null ? text : next${next}.serve(text)`}; } }\n`;
  }
  return files;
}
