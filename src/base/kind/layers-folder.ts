/**
 * The folder of the task root with the files that AWS Lambda's layers bring. Code finds them as /opt, because in a machine's image /opt is a symbolic link to this
 * folder. The agents in Python and Java have the name once more, in their own languages.
 */
export const LAYERS_FOLDER = ".mayfly-layers";
