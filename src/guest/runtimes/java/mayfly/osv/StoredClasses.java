package mayfly.osv;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleReader;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** The compiled code of classes that are loaded. Java's own are copied out of its mapped file, all into the same memory: as streams, those of a start would leave 12 MB behind. */
final class StoredClasses implements Closeable {
  private final Map<Module, ModuleReader> readers = new HashMap<>();
  private byte[] memory = new byte[65_536];

  /** The code, and whatever follows it in the array, until the next call. Null if it is stored nowhere. */
  byte[] codeOf(Class<?> type) throws IOException {
    String name = type.getName().replace('.', '/') + ".class";
    Module module = type.getModule();
    if (!module.isNamed()) return ofAgent(type, name);
    // A module that was made at run time is in no layer.
    if (module.getLayer() == null) return null;
    ModuleReader reader = readers.get(module);
    if (reader == null) readers.put(module, reader = module.getLayer().configuration().findModule(module.getName()).orElseThrow().reference().open());
    ByteBuffer code = reader.read(name).orElse(null);
    if (code == null) return null;
    try {
      if (code.remaining() > memory.length) memory = new byte[2 * code.remaining()];
      code.get(memory, 0, code.remaining());
      return memory;
    } finally {
      reader.release(code);
    }
  }

  private static byte[] ofAgent(Class<?> type, String name) throws IOException {
    try (InputStream file = type.getClassLoader() == null ? null : type.getClassLoader().getResourceAsStream(name)) {
      return file == null ? null : file.readAllBytes();
    }
  }

  @Override
  public void close() throws IOException {
    for (ModuleReader reader : readers.values()) reader.close();
  }
}
