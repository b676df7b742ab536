package mayfly.code;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mayfly.json.JsonWriter;
import mayfly.wire.Protocol;

/** The functions of one Bind, by name. */
public final class Functions implements Closeable {
  private final Map<String, Function> functions = new LinkedHashMap<>();
  private final ClassPaths paths = new ClassPaths();

  /**
   * @param message the BindMessage
   * @param code that of all functions whose source is `frames` begins at `from`
   * @throws IllegalArgumentException if this agent cannot run one of them
   */
  public Functions(Map<?, ?> message, byte[] code, int from, Function.MakeRunner make) throws IOException {
    int at = from;
    for (Object each : (List<?>) message.get("functions")) {
      Map<?, ?> one = (Map<?, ?>) each;
      String name = (String) one.get("name");
      Map<?, ?> source = (Map<?, ?>) one.get("source");
      if (!"java".equals(one.get("format"))) {
        throw new IllegalArgumentException("the function " + name + " is of the format " + one.get("format") + ", which this agent cannot run");
      }
      AppLoader loader;
      if ("frames".equals(source.get("type"))) {
        int size = ((Number) source.get("bytes")).intValue();
        boolean isOwn = size > 0 || !Protocol.REHEARSAL_APP.equals(message.get("app"));
        loader = paths.ofJar(isOwn ? ByteBuffer.wrap(code, at, size) : ByteBuffer.wrap(WarmJar.read()));
        at += size;
      } else if ("file".equals(source.get("type"))) {
        loader = paths.ofFile((String) source.get("path"));
      } else {
        throw new IllegalArgumentException("the code of " + name + " comes from " + JsonWriter.text(source.get("type")) + ", which this agent does not know");
      }
      Map<?, ?> lambda = one.get("lambda") instanceof Map<?, ?> facts ? facts : Map.of();
      functions.put(name, new Function((String) one.get("handler"), lambda, loader, paths, make));
    }
    paths.complete();
    if (at != code.length) throw new IllegalArgumentException("the code is " + (code.length - from) + " bytes; its functions say " + (at - from));
  }

  /** Null if there is none of this name. */
  public Function get(String name) {
    return functions.get(name);
  }

  public Iterable<Function> all() {
    return functions.values();
  }

  @Override
  public void close() throws IOException {
    paths.close();
  }
}
