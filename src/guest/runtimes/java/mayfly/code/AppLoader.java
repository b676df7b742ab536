package mayfly.code;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Enumeration;

/**
 * The classes of an app. Its parents show Java's own classes and the interfaces of AWS Lambda and of CRaC that the agent brings, and nothing of the agent, so that an app's classes can have any name and any version.
 */
final class AppLoader extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  AppLoader(URL[] path) {
    super("app", path, new Shared());
  }

  /** The same classes, of which none is loaded yet: one whose initialisation has failed stays unusable in its loader. */
  AppLoader again() {
    return new AppLoader(getURLs());
  }

  /** The system's loader has modules of Java that the platform's has not, such as that of RandomGenerator's algorithms, and ServiceLoader looks for it among the parents. */
  private static final class Shared extends ClassLoader {
    private static final String INTERFACES = "com.amazonaws.services.lambda.runtime.";
    private static final String HOOKS = "org.crac.";

    static {
      registerAsParallelCapable();
    }

    Shared() {
      super("mayfly", AppLoader.class.getClassLoader());
    }

    /** What of the two packages the agent does not bring, the app may have. */
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      Class<?> found = super.loadClass(name, resolve);
      if (!found.getModule().isNamed() && !name.startsWith(INTERFACES) && !name.startsWith(HOOKS)) throw new ClassNotFoundException(name);
      return found;
    }

    @Override
    public URL getResource(String name) {
      return getPlatformClassLoader().getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      return getPlatformClassLoader().getResources(name);
    }
  }
}
