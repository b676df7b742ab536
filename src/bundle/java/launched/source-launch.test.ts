/** Which commands are those of one source file that can be compiled before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changesCommands, sourceLaunch } from "./source-launch.ts";

const plain = { options: [], classPath: ".", release: undefined, file: "Main.java", parameters: [] };

test("a command of a source file is read as Java reads it", () => {
  const cases: [command: string[], read: object][] = [
    [["Main.java"], {}],
    [["./src/Main.java", "-cp", "x", "Other.java"], { file: "./src/Main.java", parameters: ["-cp", "x", "Other.java"] }],
    [["-cp", "lib/*:.", "Main.java"], { classPath: "lib/*:." }],
    [["-classpath", "a", "--class-path=b:c", "Main.java"], { classPath: "b:c" }],
    [["--class-path", "b", "Main.java", ""], { classPath: "b", parameters: [""] }],
    [["--source", "11", "Main.java"], { release: "11" }],
    [["--source=17", "Main.java"], { release: "17" }],
    [
      ["-Xmx128m", "-Xss1m", "-XX:+UseSerialGC", "-Da.b=c d", "-Dx", "-ea", "-da:shop...", "-esa", "-server", "Main.java"],
      { options: ["-Xmx128m", "-Xss1m", "-XX:+UseSerialGC", "-Da.b=c d", "-Dx", "-ea", "-da:shop...", "-esa", "-server"] },
    ],
    [
      ["-Xlog:gc*", "-Xshare:off", "-Dsun.net.httpserver.nodelay=true", "Main.java"],
      { options: ["-Xlog:gc*", "-Xshare:off", "-Dsun.net.httpserver.nodelay=true"] },
    ],
  ];
  for (const [words, read] of cases) assert.deepEqual(sourceLaunch(["java", ...words]), { ...plain, ...read }, words.join(" "));
});

test("a command that does something else, or whose classes might run otherwise, is left alone", () => {
  const others = [
    ["node", "Main.java"],
    ["./java", "Main.java"],
    ["java"],
    ["java", "-jar", "app.jar"],
    ["java", "-cp", "classes", "shop.Main", "Main.java"],
    ["java", "-cp"],
    ["java", "-cp", "Main.java"],
    ["java", "Main"],
    ["java", "main.jav"],
    ["java", "@words", "Main.java"],
    ["java", "@words.java"],
    ["java", "-version", "Main.java"],
    // Modules, agents and previews.
    ["java", "--enable-preview", "--source", "17", "Main.java"],
    ["java", "--add-exports", "java.base/sun.nio.ch=ALL-UNNAMED", "Main.java"],
    ["java", "--add-modules=jdk.incubator.vector", "Main.java"],
    ["java", "-p", "mods", "Main.java"],
    ["java", "-m", "shop/shop.Main"],
    ["java", "-javaagent:agent.jar", "Main.java"],
    ["java", "-agentlib:jdwp=transport=dt_socket", "Main.java"],
    ["java", "-Xbootclasspath/a:x.jar", "Main.java"],
    ["java", "-Xrunjdwp:server=y", "Main.java"],
    ["java", "-XX:Flags=flags", "Main.java"],
    ["java", "-XX:VMOptionsFile=options", "Main.java"],
    // Another encoding, class path, or folder.
    ["java", "-Dfile.encoding=ISO-8859-1", "Main.java"],
    ["java", "-Djava.class.path=x", "Main.java"],
    ["java", "-Djava.security.manager", "Main.java"],
    ["java", "-Duser.dir=/tmp", "Main.java"],
    ["java", "-Djdk.internal.javac.source=11", "Main.java"],
    ["java", "-cp", "", "Main.java"],
    ["java", "-cp", "/usr/share/java/x.jar", "Main.java"],
    ["java", "-cp", "lib/x.jar:../x.jar", "Main.java"],
    ["java", "--source", "1.8", "Main.java"],
    ["java", "--source", "17", "main"],
  ];
  for (const command of others) assert.equal(sourceLaunch(command), undefined, command.join(" "));
});

test("an app's variables may change what a command means", () => {
  for (const name of ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "LC_ALL", "LANG", "PATH"]) {
    assert.ok(changesCommands({ env: { [name]: "" }, secrets: [] }), name);
    assert.ok(changesCommands({ env: {}, secrets: ["KEY", name] }), name);
  }
  assert.ok(!changesCommands({ env: { JAVA_HOME: "/x", PORT: "80", LANGUAGES: "de" }, secrets: ["KEY"] }));
});
