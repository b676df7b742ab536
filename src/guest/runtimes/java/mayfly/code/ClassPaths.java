package mayfly.code;

import java.io.Closeable;
import java.io.IOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The class loaders of one Bind. Functions that come from the same jar share one, and with it their static fields.
 *
 * <p>A class path is: the function's own jar or folder, `classes/` of the task root, the task root itself, `lib/*.jar`, in the order of their names, and those of layers, in `java/lib`.
 *
 * <p>Owns: the loaders, and the files of jars that came as frames. close() gives all of it up.
 */
final class ClassPaths implements Closeable {
  private final List<AppLoader> loaders = new ArrayList<>();
  /** By the code, while functions are being added. */
  private final Map<Object, AppLoader> known = new HashMap<>();

  private final List<AppLoader> renewed = new ArrayList<>();
  private final List<Path> jars = new ArrayList<>();

  /** @param path a jar or a folder, relative to the task root @throws IllegalArgumentException if it does not exist */
  AppLoader ofFile(String path) throws IOException {
    Path place = Environment.taskRoot.resolve(path).normalize();
    if (!Files.exists(place)) throw new IllegalArgumentException("there is no " + path + " in the app's files");
    AppLoader loader = known.get(place);
    return loader != null ? loader : add(place, place);
  }

  /** @param jar with no bytes, the function's classes are all in the app's files */
  AppLoader ofJar(ByteBuffer jar) throws IOException {
    AppLoader loader = known.get(jar);
    if (loader != null) return loader;
    if (!jar.hasRemaining()) return add(jar, null);
    Path place = Files.createTempFile(Environment.temporary, "mayfly-", ".jar");
    jars.add(place);
    TaskFiles.write(place, jar);
    return add(jar, place);
  }

  /** No further function is added, so the code need not be kept. */
  void complete() {
    known.clear();
  }

  /** Another loader of the same path, for a function whose class could not be initialised. One that was made here is forgotten, so that a function that always fails does not fill the memory. */
  synchronized AppLoader again(AppLoader failed) {
    renewed.remove(failed);
    AppLoader loader = failed.again();
    renewed.add(loader);
    return loader;
  }

  private AppLoader add(Object key, Path own) throws IOException {
    Set<Path> path = new LinkedHashSet<>();
    if (own != null) path.add(own);
    path.add(Environment.taskRoot.resolve("classes"));
    path.add(Environment.taskRoot);
    path.addAll(libraries(Environment.taskRoot.resolve("lib")));
    path.addAll(libraries(Environment.layers.resolve("java/lib")));
    List<URL> urls = new ArrayList<>();
    for (Path each : path) {
      // Java takes a URL that ends in a slash for a folder, and any other for a jar.
      if (Files.exists(each)) urls.add(each.toUri().toURL());
    }
    AppLoader loader = new AppLoader(urls.toArray(URL[]::new));
    known.put(key, loader);
    loaders.add(loader);
    return loader;
  }

  private static List<Path> libraries(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return List.of();
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(each -> each.toString().endsWith(".jar")).sorted().toList();
    }
  }

  @Override
  public synchronized void close() throws IOException {
    for (AppLoader loader : renewed) loader.close();
    for (AppLoader loader : loaders) loader.close();
    for (Path jar : jars) Files.deleteIfExists(jar);
  }
}
