package mayfly.resume;

import java.lang.module.ModuleDescriptor.Provides;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** The algorithms of java.util.random.RandomGenerator: each has a class of its own with a counter, from which new generators take their seeds. A class that is not loaded yet will take its first seed from the time. */
final class AlgorithmSeeds {
  private AlgorithmSeeds() {}

  private static final String MODULE = "jdk.random";

  static void replace(SplittableRandom seeds) throws ReflectiveOperationException {
    Module module = ModuleLayer.boot().findModule(MODULE).orElse(null);
    if (module == null) return;
    Method find = ClassLoader.class.getDeclaredMethod("findLoadedClass", String.class);
    find.setAccessible(true);
    for (Provides service : module.getDescriptor().provides()) {
      for (String name : service.providers()) {
        Class<?> loaded = (Class<?>) find.invoke(module.getClassLoader(), name);
        if (loaded != null) counterOf(loaded).set(seeds.nextLong());
      }
    }
  }

  private static AtomicLong counterOf(Class<?> algorithm) throws ReflectiveOperationException {
    for (Field field : algorithm.getDeclaredFields()) {
      if (field.getType() != AtomicLong.class) continue;
      field.setAccessible(true);
      return (AtomicLong) field.get(null);
    }
    throw new NoSuchFieldException(algorithm.getName() + " has no counter of seeds");
  }
}
