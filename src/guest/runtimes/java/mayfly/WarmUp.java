package mayfly;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mayfly.code.WarmJar;
import mayfly.handlers.LambdaRunner.Machinery;
import mayfly.invocation.Invocation;
import mayfly.wire.Protocol;

/**
 * Answers requests for mayfly:warm. They take the same steps as an app's: a jar is loaded, and handlers of every kind, logs and replies are used, so that a template has loaded and compiled, and an emulator has translated, what a user's first invocation needs. Nothing may stay behind that clones must not share, such as random bytes or UUIDs.
 */
final class WarmUp {
  private static final List<String> FUNCTIONS = List.of("Plain", "Typed", "Streaming", "Short");

  private final Machinery machinery;
  private App app;
  private int turn = 0;

  WarmUp(Machinery machinery) {
    this.machinery = machinery;
  }

  /** Each request takes the next turn; each round of turns loads the code anew. */
  void run(Invocation invocation, long readyAt) throws IOException, ReflectiveOperationException {
    if (turn % FUNCTIONS.size() == 0) {
      if (app != null) app.close();
      app = open();
    }
    invocation.redirect(FUNCTIONS.get(turn % FUNCTIONS.size()), "http://warm.localhost/mayfly/warm?q=1");
    turn++;
    app.run(invocation, readyAt);
  }

  private App open() throws IOException, ReflectiveOperationException {
    byte[] jar = WarmJar.read();
    List<Object> functions = new ArrayList<>();
    for (String name : FUNCTIONS) {
      Map<String, Object> source = Map.of("type", "frames", "bytes", jar.length);
      functions.add(Map.of("name", name, "format", "java", "source", source, "handler", "warm." + name + (name.equals("Typed") ? "::handle" : "")));
    }
    byte[] code = new byte[jar.length * FUNCTIONS.size()];
    for (int at = 0; at < code.length; at += jar.length) System.arraycopy(jar, 0, code, at, jar.length);
    return new App(Map.of("app", Protocol.WARM_FUNCTION, "revision", "0", "functions", functions, "env", Map.of(), "memoryMb", 128), code, machinery);
  }
}
