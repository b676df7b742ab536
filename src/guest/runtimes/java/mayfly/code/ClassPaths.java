package mayfly.code;

import java.io.Closeable;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The class loaders of one Bind. Functions that come from the same jar share one, and with it their static fields.
 *
 * <p>A class path is: the function's own jar or folder, `classes/` of the task root, the task root itself, and `lib/*.jar`, in the order of their names.
 *
 * <p>Owns: the loaders, and the files of jars that came as frames. close() gives all of it up.
 */
final class ClassPaths implements Closeable {
  private final Map<Object, AppLoader> loaders = new LinkedHashMap<>();
  private final List<AppLoader> renewed = new ArrayList<>();
  private final List<Path> jars = new ArrayList<>();

  /** @param path a jar or a folder, relative to the task root @throws IllegalArgumentException if it does not exist */
  AppLoader ofFile(String path) throws IOException {
    Path place = Environment.taskRoot.resolve(path).normalize();
    if (!Files.exists(place)) throw new IllegalArgumentException("there is no " + path + " in the app's files");
    AppLoader known = loaders.get(place);
    return known != null ? known : add(place, place);
  }

  /** @param jar its bytes; with none, the function's classes are all in the app's files */
  AppLoader ofJar(byte[] jar) throws IOException {
    Object key = java.nio.ByteBuffer.wrap(jar);
    AppLoader known = loaders.get(key);
    if (known != null) return known;
    if (jar.length == 0) return add(key, null);
    Path place = Files.createTempFile(Environment.temporary, "mayfly-", ".jar");
    jars.add(place);
    Files.write(place, jar);
    return add(key, place);
  }

  /** Another loader of the same path, for a function whose class could not be initialised. */
  synchronized AppLoader again(AppLoader failed) {
    AppLoader loader = failed.again();
    renewed.add(loader);
    return loader;
  }

  private AppLoader add(Object key, Path own) throws IOException {
    Set<Path> path = new LinkedHashSet<>();
    if (own != null) path.add(own);
    path.add(Environment.taskRoot.resolve("classes"));
    path.add(Environment.taskRoot);
    path.addAll(libraries());
    List<URL> urls = new ArrayList<>();
    for (Path each : path) {
      // Java takes a URL that ends in a slash for a folder, and any other for a jar.
      if (Files.exists(each)) urls.add(each.toUri().toURL());
    }
    AppLoader loader = new AppLoader(urls.toArray(URL[]::new));
    loaders.put(key, loader);
    return loader;
  }

  private static List<Path> libraries() throws IOException {
    Path folder = Environment.taskRoot.resolve("lib");
    if (!Files.isDirectory(folder)) return List.of();
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(each -> each.toString().endsWith(".jar")).sorted().toList();
    }
  }

  @Override
  public synchronized void close() throws IOException {
    for (AppLoader loader : renewed) loader.close();
    for (AppLoader loader : loaders.values()) loader.close();
    for (Path jar : jars) Files.deleteIfExists(jar);
  }
}
