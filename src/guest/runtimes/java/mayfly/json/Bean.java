package mayfly.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a class's values consist of. A record has its components; any other class has the properties of its public getters and setters, and its public fields.
 */
public final class Bean {
  private static final ClassValue<Bean> known =
      new ClassValue<>() {
        @Override
        protected Bean computeValue(Class<?> type) {
          return new Bean(type);
        }
      };

  /** One named value: `get` and `set` are a Method or a Field, or null if it cannot be read or written. */
  private static final class Property {
    final String name;
    java.lang.reflect.AccessibleObject get;
    java.lang.reflect.AccessibleObject set;
    Type type;

    Property(String name) {
      this.name = name;
    }
  }

  private final Class<?> type;
  private final Map<String, Property> properties = new LinkedHashMap<>();
  /** By name in lower case, for JSON that spells a name in another way, as Lambda's events do with "Records". */
  private final Map<String, Property> loosely = new LinkedHashMap<>();

  private Bean(Class<?> type) {
    this.type = type;
    if (type.isRecord()) addComponents();
    else {
      for (Class<?> one = type; one != null && one != Object.class; one = one.getSuperclass()) addFields(one);
      List<Method> methods = Written.methods(type);
      for (Method method : methods) addGetter(method);
      for (Method method : methods) addSetter(method);
    }
    properties.values().removeIf(property -> property.get == null && property.set == null);
    for (Property property : properties.values()) loosely.putIfAbsent(property.name.toLowerCase(Locale.ROOT), property);
  }

  public static Bean of(Class<?> type) {
    return known.get(type);
  }

  /** Whether a class is the app's own, so that its values are told by what they consist of. */
  public static boolean describes(Class<?> type) {
    return !type.isArray() && !Scalars.isJavas(type);
  }

  public boolean has(String name) {
    return properties.containsKey(name);
  }

  /** The values by name, in a fixed order. @throws IllegalArgumentException if a getter throws */
  public Map<String, Object> valuesOf(Object value) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Property property : properties.values()) {
      if (property.get != null) values.put(property.name, read(property, value));
    }
    return values;
  }

  /** A value of this class, made of JSON's. @param resolved gives a type of the class's code its meaning in this use of the class */
  Object make(Map<?, ?> values, Types resolved) {
    return type.isRecord() ? makeRecord(values, resolved) : fill(instance(), values, resolved);
  }

  private void addComponents() {
    for (RecordComponent component : type.getRecordComponents()) {
      Property property = property(component.getName());
      property.get = component.getAccessor();
      property.type = component.getGenericType();
      property.get.setAccessible(true);
    }
  }

  private void addFields(Class<?> of) {
    for (Field field : of.getDeclaredFields()) {
      if (!Modifier.isPublic(field.getModifiers()) || Modifier.isStatic(field.getModifiers()) || Modifier.isTransient(field.getModifiers())) continue;
      Property property = property(field.getName());
      if (property.get != null) continue;
      field.setAccessible(true);
      property.get = field;
      property.type = field.getGenericType();
      if (!Modifier.isFinal(field.getModifiers())) property.set = field;
    }
  }

  private static boolean isOther(Method method, int parameters) {
    return Modifier.isStatic(method.getModifiers()) || method.getDeclaringClass() == Object.class || method.getParameterCount() != parameters;
  }

  private void addGetter(Method method) {
    if (isOther(method, 0) || method.getReturnType() == void.class) return;
    String name = method.getName();
    boolean isBoolean = method.getReturnType() == boolean.class || method.getReturnType() == Boolean.class;
    String named = after("get", name) != null ? after("get", name) : isBoolean ? after("is", name) : null;
    // A Groovy or Kotlin class has such a method as well.
    if (named == null || named.equals("metaClass")) return;
    method.setAccessible(true);
    Property property = property(named);
    property.get = method;
    if (property.type == null || property.set == null) property.type = method.getGenericReturnType();
  }

  private void addSetter(Method method) {
    if (isOther(method, 1) || after("set", method.getName()) == null) return;
    Property property = property(after("set", method.getName()));
    // Of several setters, the one of the getter's type is meant.
    if (property.set instanceof Method && property.get instanceof Method getter && getter.getReturnType() != method.getParameterTypes()[0]) return;
    method.setAccessible(true);
    property.set = method;
    property.type = method.getGenericParameterTypes()[0];
  }

  /** The property's name in a method's: `getURL` and `getUrl` are both "url". Null if the method has no such name. */
  private static String after(String prefix, String method) {
    int length = prefix.length();
    if (method.length() <= length || !method.startsWith(prefix) || Character.isLowerCase(method.charAt(length))) return null;
    int upper = length;
    while (upper < method.length() && Character.isUpperCase(method.charAt(upper))) upper++;
    // All of a leading run of capitals is made small, as Jackson does.
    return method.substring(length, upper).toLowerCase(Locale.ROOT) + method.substring(upper);
  }

  private Property property(String name) {
    return properties.computeIfAbsent(name, Property::new);
  }

  private static Object read(Property property, Object from) {
    try {
      return property.get instanceof Method getter ? getter.invoke(from) : ((Field) property.get).get(from);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException("the getter of \"" + property.name + "\" threw " + error.getCause(), error.getCause());
    } catch (IllegalAccessException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  private Object instance() {
    if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
      throw new IllegalArgumentException("no value can be made of " + type.getName() + ", because it is abstract");
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (NoSuchMethodException error) {
      throw new IllegalArgumentException(type.getName() + " has no constructor without parameters", error);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException("the constructor of " + type.getName() + " threw " + error.getCause(), error.getCause());
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  /** Names that the class does not have are ignored. */
  private Object fill(Object instance, Map<?, ?> values, Types resolved) {
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      Property property = find((String) entry.getKey());
      if (property == null || property.set == null) continue;
      Object value = Conversion.convert(entry.getValue(), resolved.resolve(property.type), property.name);
      try {
        if (property.set instanceof Method setter) setter.invoke(instance, value);
        else ((Field) property.set).set(instance, value);
      } catch (InvocationTargetException error) {
        throw new IllegalArgumentException("the setter of \"" + property.name + "\" threw " + error.getCause(), error.getCause());
      } catch (IllegalAccessException error) {
        throw new IllegalArgumentException(error.getMessage(), error);
      }
    }
    return instance;
  }

  private Property find(String name) {
    Property property = properties.get(name);
    return property != null ? property : loosely.get(name.toLowerCase(Locale.ROOT));
  }

  private Object makeRecord(Map<?, ?> values, Types resolved) {
    List<Class<?>> parameters = new ArrayList<>();
    List<Object> given = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Property property = properties.get(component.getName());
      Object value = values.get(property.name);
      if (value == null) value = valueLoosely(values, property);
      parameters.add(component.getType());
      given.add(Conversion.convert(value, resolved.resolve(property.type), property.name));
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(parameters.toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(given.toArray());
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException("the constructor of " + type.getName() + " threw " + error.getCause(), error.getCause());
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  private Object valueLoosely(Map<?, ?> values, Property property) {
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      if (property.name.equalsIgnoreCase((String) entry.getKey())) return entry.getValue();
    }
    return null;
  }
}
