package mayfly.code;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import mayfly.json.JsonReader;
import mayfly.json.JsonWriter;
import mayfly.resume.Disk;

/**
 * Writes the app's files below the task root as they come: docs/guest-protocol.md, FramesFiles.
 *
 * <p>Owns: what earlier Binds have written there, which a rehearsal may; it is removed before the next Bind's files are written.
 */
public final class TaskFiles {
  private TaskFiles() {}

  private static final int PIECE_BYTES = 65_536;

  /** The first parts of the paths that were written. */
  private static final Set<String> written = new HashSet<>();

  public static void removeEarlier() throws IOException {
    for (String name : written) {
      Path top = Environment.taskRoot.resolve(name);
      if (!Files.exists(top, java.nio.file.LinkOption.NOFOLLOW_LINKS)) continue;
      List<Path> all;
      try (Stream<Path> found = Files.walk(top)) {
        all = found.sorted(java.util.Comparator.reverseOrder()).toList();
      }
      for (Path each : all) Files.delete(each);
    }
    written.clear();
  }

  /**
   * Returns how many bytes of the data were the files'.
   *
   * @param files the Bind's; null if it has none
   * @throws IllegalArgumentException if the list is no good
   */
  public static int write(byte[] data, Map<?, ?> files) throws IOException {
    if (files == null) return 0;
    if ("folder".equals(files.get("type"))) {
      linkFolder((String) files.get("path"), (String) files.get("device"));
      return 0;
    }
    if (!"frames".equals(files.get("type"))) {
      throw new IllegalArgumentException("the app's files come as " + JsonWriter.text(files.get("type")) + ", which this agent does not know");
    }
    int start = ((Number) files.get("list")).intValue();
    int at = start;
    for (Object each : (List<?>) JsonReader.read(new String(data, 0, start, StandardCharsets.UTF_8))) {
      List<?> file = (List<?>) each;
      int size = ((Number) file.get(1)).intValue();
      writeOne((String) file.get(0), data, at, size, Boolean.TRUE.equals(file.get(2)));
      at += size;
    }
    long said = ((Number) files.get("bytes")).longValue();
    if (at - start != said) throw new IllegalArgumentException("the files are " + (at - start) + " bytes; the Bind says " + said);
    return at;
  }

  /**
   * docs/guest-protocol.md, FolderFiles.
   *
   * @param device a disk to mount on the folder; null if the files are there
   */
  private static void linkFolder(String folder, String device) throws IOException {
    Path from = Path.of(folder);
    if (device != null) {
      Files.createDirectories(from);
      Disk.mount(device, folder);
    }
    Files.createDirectories(Environment.taskRoot);
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : entries.toList()) {
        String name = entry.getFileName().toString();
        written.add(name);
        Files.createSymbolicLink(Environment.taskRoot.resolve(name), entry);
      }
    }
  }

  private static void writeOne(String path, byte[] data, int from, int size, boolean isExecutable) throws IOException {
    String[] parts = path.split("/", -1);
    for (String part : parts) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        throw new IllegalArgumentException("the file " + JsonWriter.text(path) + " is not below the task root");
      }
    }
    Path place = Environment.taskRoot.resolve(path);
    Files.createDirectories(place.getParent());
    written.add(parts[0]);
    write(place, ByteBuffer.wrap(data, from, size));
    // OSv starts no programs, and its file system in memory need not take modes.
    if (!Environment.onOsv) setMode(place.toFile(), isExecutable);
  }

  /** In pieces, because Java keeps as much memory beside its heap as one of them has. */
  static void write(Path place, ByteBuffer content) throws IOException {
    try (OutputStream out = Files.newOutputStream(place)) {
      int end = content.limit();
      for (int at = content.position(); at < end; at += PIECE_BYTES) out.write(content.array(), at, Math.min(PIECE_BYTES, end - at));
    }
  }

  /** A file has 0644 from its making, as the agent's mask is 022 in machines. */
  private static void setMode(File file, boolean isExecutable) throws IOException {
    Files.setPosixFilePermissions(file.toPath(), PosixFilePermissions.fromString(isExecutable ? "rwxr-xr-x" : "rw-r--r--"));
  }
}
