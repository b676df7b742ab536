package mayfly.snapshot;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mayfly.log.Describe;
import org.crac.CheckpointException;
import org.crac.Context;
import org.crac.Resource;
import org.crac.RestoreException;

/**
 * The resources that code has registered. Before the freeze the last one comes first, afterwards the first one. All of them are told, whatever one throws.
 *
 * <p>Unlike CRaC's own context it keeps them alive, so that a resource may be registered that nothing else refers to.
 */
public final class GlobalContext extends Context<Resource> {
  public static final GlobalContext instance = new GlobalContext();

  private final List<Resource> resources = new ArrayList<>();

  private GlobalContext() {}

  private interface Told {
    void tell(Resource resource) throws Exception;
  }

  @Override
  public synchronized void register(Resource resource) {
    if (resource == null) throw new NullPointerException("there is no resource to register");
    resources.add(resource);
  }

  /** What an earlier Bind's code has registered is forgotten. */
  public synchronized void clear() {
    resources.clear();
  }

  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
    List<Resource> all = all();
    Collections.reverse(all);
    List<Throwable> thrown = tellAll(all, resource -> resource.beforeCheckpoint(this));
    if (!thrown.isEmpty()) throw with(new CheckpointException(first(thrown)), thrown);
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) throws RestoreException {
    List<Throwable> thrown = tellAll(all(), resource -> resource.afterRestore(this));
    if (!thrown.isEmpty()) throw with(new RestoreException(first(thrown)), thrown);
  }

  private synchronized List<Resource> all() {
    return new ArrayList<>(resources);
  }

  /** Returns what resources have thrown. */
  private static List<Throwable> tellAll(List<Resource> all, Told how) {
    List<Throwable> thrown = new ArrayList<>();
    for (Resource resource : all) {
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      thread.setContextClassLoader(resource.getClass().getClassLoader());
      try {
        how.tell(resource);
      } catch (VirtualMachineError error) {
        throw error;
      } catch (Throwable error) {
        thrown.add(error);
      } finally {
        thread.setContextClassLoader(before);
      }
    }
    return thrown;
  }

  private static String first(List<Throwable> thrown) {
    return Describe.firstLine(thrown.get(0)) + (thrown.size() > 1 ? " (and " + (thrown.size() - 1) + " more)" : "");
  }

  private static <E extends Exception> E with(E failure, List<Throwable> thrown) {
    thrown.forEach(failure::addSuppressed);
    return failure;
  }
}
